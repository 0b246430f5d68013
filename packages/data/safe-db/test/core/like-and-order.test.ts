import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { statementOf } from '../../src/core/query.ts'
import { sql } from '../../src/index.ts'
import type { SqlQuery } from '../../src/index.ts'

const partsOf = (query: SqlQuery): [string, readonly unknown[]] => {
  const { text, values } = statementOf(sql`select ${query}`)
  return [text.replace(/^select /, ''), values]
}
const code = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

describe('sql.like', () => {
  it('is one parameter, in which the text stands for itself', () => {
    const text = String.raw`50%_\ of`
    const escaped = String.raw`50\%\_\\ of`
    expect(partsOf(sql.like.contains(text))).toEqual(['$1', [`%${escaped}%`]])
    expect(partsOf(sql.like.startsWith(text))).toEqual(['$1', [`${escaped}%`]])
    expect(partsOf(sql.like.endsWith(text))).toEqual(['$1', [`%${escaped}`]])
    // `$&` and its like in a replacement stand for nothing.
    expect(partsOf(sql.like.contains('$&$1$`'))).toEqual(['$1', ['%$&$1$`%']])
  })

  it('takes a string, and one that PostgreSQL can take', () => {
    for (const text of [undefined, null, 7, ['a'], { toString: () => 'a' }, 'a\u0000', '\ud800']) {
      expect(code(() => sql.like.contains(text as never))).toBe('INVALID_SQL_VALUE')
      expect(code(() => sql.like.startsWith(text as never))).toBe('INVALID_SQL_VALUE')
      expect(code(() => sql.like.endsWith(text as never))).toBe('INVALID_SQL_VALUE')
    }
  })
})

describe('sql.orderBy', () => {
  const columns = { price: sql.id('price'), name: sql`lower(${sql.id('name')})`, near: sql`abs(at - ${7})` }

  it('takes names with commas, a minus before what descends', () => {
    expect(partsOf(sql.orderBy('price', columns))[0]).toBe('order by "price" asc')
    expect(partsOf(sql.orderBy('-price,name', columns))[0]).toBe('order by "price" desc, lower("name") asc')
    expect(partsOf(sql.orderBy(['-near', 'price,name'], columns))).toEqual([
      'order by abs(at - $1) desc, "price" asc, lower("name") asc',
      ['7'],
    ])
  })

  const refused: unknown[] = [
    undefined,
    null,
    '',
    ' price',
    'price desc',
    'price,',
    'price,price',
    'price,-price',
    '--price',
    '-',
    'Price',
    '1',
    '"price"',
    'price; drop table t',
    'constructor',
    '__proto__',
    'toString',
    7,
    {},
    [],
    [['price']],
    ['price', undefined],
    'price,'.repeat(100_000),
  ]
  it.each(refused.map((input) => [inspect(input).slice(0, 40), input]))('refuses %s', (_name, input) => {
    expect(() => sql.orderBy(input as never, columns)).toThrow(
      expect.objectContaining({ code: 'UNSAFE_IDENTIFIER', statusCode: 400 }),
    )
  })

  it('takes a map of queries, and nothing else', () => {
    for (const map of [{}, { a: 'price' }, { a: sql`a`, b: 'b' }, Object.create(columns)]) {
      expect(code(() => sql.orderBy('a', map as never))).toBe('UNSAFE_SQL')
    }
  })
})
