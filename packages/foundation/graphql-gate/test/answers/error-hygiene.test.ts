import { buildSchema, graphqlSync, validate, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { cleanError } from '../../src/answers/error-hygiene.ts'

const schema = buildSchema(`
  enum Color { RED GREEN }
  input Filter { size: Int color: Color }
  scalar Anything
  type Query { items(first: Int, color: Color, filter: Filter, id: ID, on: Boolean, price: Float, name: String): String }
`)

const SECRET = 'secret4711'

function messages(source: string, variableValues: Record<string, unknown> = {}): string[] {
  const { errors = [] } = graphqlSync({ schema, source, variableValues })
  expect(errors.length).toBeGreaterThan(0)
  return errors.map((error) => String(cleanError({ ...error.toJSON() }, false).message))
}

describe('cleanError', () => {
  it.each([
    ['Int', SECRET],
    ['Int', { [SECRET]: 1 }],
    ['Float', SECRET],
    ['Boolean', SECRET],
    ['String', [SECRET]],
    ['ID', { a: SECRET }],
    ['Color', SECRET],
    ['Filter', { size: SECRET }],
    ['Filter', { color: SECRET }],
    ['Filter', SECRET],
  ])('tells nothing of a wrong %s variable %j', (type, value) => {
    const argument =
      type === 'Int'
        ? 'first'
        : type === 'Float'
          ? 'price'
          : type === 'Boolean'
            ? 'on'
            : type === 'ID'
              ? 'id'
              : type === 'Color'
                ? 'color'
                : type === 'Filter'
                  ? 'filter'
                  : 'name'
    const [message = ''] = messages(`query ($v: ${type}) { items(${argument}: $v) }`, { v: value })
    expect(message).not.toContain(SECRET)
    expect(message).toContain('Variable "$v"')
  })

  it.each([
    `{ items(first: "${SECRET}") }`,
    `{ items(on: "${SECRET}") }`,
    `{ items(color: ${SECRET}) }`,
    `{ items(color: "${SECRET}") }`,
    `{ items(filter: {size: "${SECRET}"}) }`,
    `{ items(name: {a: "${SECRET}"}) }`,
    `{ items(name: 4711${'0'.repeat(20)}) }`,
    `{ items "${SECRET}" }`,
    `{ items(name: "${SECRET}`,
    `{ items(name: \\${SECRET}) }`,
  ])('tells no literal of %s', (source) => {
    const all = messages(source)
    expect(all.join()).not.toContain(SECRET)
    expect(all.join()).not.toContain('4711')
  })

  it.each([
    [`{ on(day: "${SECRET}") }`, {}],
    ['query ($v: Day) { on(day: $v) }', { v: SECRET }],
    ['query ($v: Days) { all(days: $v) }', { v: { from: SECRET } }],
  ])('tells nothing of what a scalar of the app has to say about a value: %s', (source, variableValues) => {
    const days = buildSchema(
      'scalar Day input Days { from: Day } type Query { on(day: Day): Int all(days: Days): Int }',
    )
    const refuse = (value: unknown): never => {
      throw new TypeError(`no day: ${typeof value === 'string' ? value : SECRET}`)
    }
    const parsers = {
      parseValue: refuse,
      parseLiteral: refuse,
      coerceInputValue: refuse,
      coerceInputLiteral: refuse,
    }
    Object.assign(days.getType('Day') ?? {}, parsers)
    const { errors = [] } = graphqlSync({ schema: days, source, variableValues })
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) {
      expect(error.message).toContain(SECRET)
      expect(cleanError({ ...error.toJSON() }, false).message).not.toContain(SECRET)
    }
  })

  it('takes suggestions out where they are not wanted, and only there', () => {
    const [error] = validate(schema, parse('{ itemz }'))
    const json = { ...error?.toJSON() }
    expect(cleanError(json, true).message).toContain('Did you mean "items"?')
    expect(cleanError(json, false).message).toBe('Cannot query field "itemz" on type "Query".')
  })

  it('keeps a suggestion without the value it is for', () => {
    const { errors = [] } = graphqlSync({ schema, source: '{ items(color: "RED") }' })
    expect(cleanError({ ...errors[0]?.toJSON() }, true).message).toBe(
      'Enum "Color" cannot represent. Did you mean the enum value "RED" or "GREEN"?',
    )
    const value = 'RED Did you mean 4711?'
    const source = 'query ($v: Color) { items(color: $v) }'
    const echoed = graphqlSync({ schema, source, variableValues: { v: value } }).errors?.[0]
    expect(cleanError({ ...echoed?.toJSON() }, true).message).not.toContain('4711')
  })

  it('leaves the errors of resolvers as the app made them', () => {
    const error = { message: 'Order 7 has invalid value 5, found nothing', path: ['order'] }
    expect(cleanError(error, false)).toBe(error)
  })

  it('keeps locations and extensions', () => {
    const error = {
      message: 'Variable "$v" got invalid value 5; no',
      locations: [{ line: 1, column: 2 }],
      extensions: { a: 1 },
    }
    expect(cleanError(error, false)).toEqual({ ...error, message: 'Variable "$v" got invalid value.' })
  })
})
