import { buildSchema, parseConstValue } from 'graphql'
import type { GraphQLArgument } from 'graphql'
import { describe, expect, it } from 'vitest'
import { schemaDefault } from '../../src/core/schema-default.ts'

const schema = buildSchema(`
  input Page { first: Int after: Page tags: [String] }
  type Query { a(first: Int, page: Page, pages: [Page], tags: [String] = ["x"]): Int }
`)

/** An argument as graphql 17 keeps it: its default in a member of its own. */
function argument(name: string, given?: object): GraphQLArgument {
  const { a } = schema.getQueryType()?.getFields() ?? {}
  const found = a?.args.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no argument ${name}`)
  return { ...found, ...(given === undefined ? {} : { default: given }) }
}

describe('the default of an argument', () => {
  it('is what it is in graphql 16', () => {
    expect(schemaDefault(argument('tags'))).toEqual(['x'])
    expect(schemaDefault(argument('first'))).toBeUndefined()
  })

  it.each([
    ['first', { value: 5 }, 5],
    ['first', { literal: parseConstValue('1000000') }, 1_000_000],
    ['first', { literal: parseConstValue('null') }, null],
    ['tags', { literal: parseConstValue('"one"') }, ['one']],
    [
      'page',
      { literal: parseConstValue('{ first: 3, after: { first: 4 } }') },
      { first: 3, after: { first: 4 } },
    ],
    ['pages', { literal: parseConstValue('{ first: 3 }') }, [{ first: 3 }]],
    ['page', { value: {} }, {}],
  ])('%s is read from where graphql 17 keeps it: %j', (name, given, expected) => {
    expect(schemaDefault(argument(name, given))).toEqual(expected)
  })

  it('has the defaults of input fields inside it there, and no end of them', () => {
    const page = schema.getType('Page') as unknown as { getFields(): Record<string, object> }
    const { first = {}, after = {} } = page.getFields()
    Object.assign(first, { default: { literal: parseConstValue('1000') } })
    expect(schemaDefault(argument('page', { literal: parseConstValue('{}') }))).toEqual({ first: 1000 })
    Object.assign(after, { default: { value: {} } })
    expect(schemaDefault(argument('page', { value: { first: 1 } }))).toEqual({
      first: 1,
      after: { first: 1000 },
    })
  })
})
