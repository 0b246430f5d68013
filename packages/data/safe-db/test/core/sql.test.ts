import { runInNewContext } from 'node:vm'
import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { statementOf } from '../../src/core/query.ts'
import { sql } from '../../src/index.ts'

const textOf = (query: unknown): [string, readonly unknown[]] => {
  const { text, values } = statementOf(query)
  return [text, values]
}
const code = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

describe('the sql tag', () => {
  it('binds what stands between ${ and }, and joins fragments', () => {
    const where = sql`where id = ${1} and tag = ${"x' or '1'='1"}`
    expect(textOf(sql`select * from t ${where} limit ${5}`)).toEqual([
      'select * from t where id = $1 and tag = $2 limit $3',
      ['1', "x' or '1'='1", '5'],
    ])
    expect(textOf(sql`select 1 ${sql``}`)).toEqual(['select 1 ', []])
  })

  it('writes identifiers, lists, rows and JSON', () => {
    const columns = ['id', 'name']
    expect(textOf(sql`select ${sql.join(columns.map((name) => sql.id(name)))} from t`)[0]).toBe(
      'select "id", "name" from t',
    )
    expect(textOf(sql`select 1 where ${sql.in(sql.id('id'), [1, 2])}`)).toEqual([
      'select 1 where ("id" in ($1, $2))',
      ['1', '2'],
    ])
    expect(textOf(sql`select 1 where not ${sql.in(sql.id('id'), [])}`)[0]).toBe('select 1 where not false')
    expect(
      textOf(
        sql`insert into t values ${sql.values([
          [1, 'a'],
          [2, null],
        ])}`,
      ),
    ).toEqual(['insert into t values ($1, $2), ($3, $4)', ['1', 'a', '2', null]])
    expect(textOf(sql`select ${sql.json({ a: [1, null] })}`)).toEqual([
      'select $1::jsonb',
      ['{"a":[1,null]}'],
    ])
    expect(textOf(sql`select 1 where ${sql.join([sql`a`, sql`b`], sql` and `)}`)[0]).toBe(
      'select 1 where a and b',
    )
  })

  it('takes named parameters, but not inside quotes, comments and casts', () => {
    const find = sql.named`select :a::text, ':b', "c:d", /* :e */ x[1 : 2] from t -- :f
      where id = :id and other <> :a and $$:g$$ <> ''`
    expect(textOf(find({ id: 7, a: 'x' }))).toEqual([
      `select $1::text, ':b', "c:d", /* :e */ x[1 : 2] from t -- :f
      where id = $2 and other <> $3 and $$:g$$ <> ''`,
      ['x', '7', 'x'],
    ])
    for (const values of [{ id: 1 }, { id: 1, a: 1, more: 1 }, Object.create({ id: 1, a: 1 })]) {
      expect(code(() => find(values as never))).toBe('INVALID_SQL_VALUE')
    }
    for (const none of [null, undefined, 'id', 7, [1, 'x'], () => 1]) {
      expect(code(() => find(none as never))).toBe('INVALID_SQL_VALUE')
    }
    expect(code(() => sql.named`select :__proto__`(JSON.parse('{"__proto__":1}')))).toBeTypeOf('object')
    expect(code(() => sql.named`select 1`)).toBe('UNSAFE_SQL')
    expect(code(() => (sql.named as (...all: unknown[]) => unknown)`select ${1} :a`)).toBe('UNSAFE_SQL')
  })

  it('takes lists that are none, as a query string may hold them, for bad values and not for defects', () => {
    const column = sql.id('id')
    for (const none of [
      undefined,
      null,
      '',
      'abc',
      7,
      {},
      { length: 0 },
      { length: 1, 0: 'a' },
      new Set([1]),
    ]) {
      expect(code(() => sql.in(column, none as never))).toBe('INVALID_SQL_VALUE')
      expect(code(() => sql.values(none as never))).toBe('INVALID_SQL_VALUE')
      expect(code(() => sql.values([none as never]))).toBe('INVALID_SQL_VALUE')
      expect(code(() => sql.values([[1], none as never]))).toBe('INVALID_SQL_VALUE')
      expect(code(() => sql.join(none as never))).toBe('INVALID_SQL_VALUE')
    }
  })

  it('cannot be forged', async () => {
    const real = sql`select 1`
    vi.resetModules()
    const copy = await import('../../src/core/sql.ts')
    expect(copy.sql).not.toBe(sql)
    const Constructor = real.constructor as new (...all: unknown[]) => object
    const forgeries: unknown[] = [
      'select 1',
      Object('select 1'),
      JSON.parse('{"text":"select 1","values":[]}'),
      JSON.parse(JSON.stringify(real)),
      Object.assign({}, real),
      Object.create(real),
      new Proxy(real, {}),
      new Constructor(),
      new Constructor({ texts: ['select 1'], values: [] }),
      new Constructor({ texts: ['select 1'], values: [] }, Symbol('key')),
      Reflect.construct(Constructor, [{ texts: ['select 1'], values: [] }, true]),
      { [Symbol.for('@portcullis/safe-db.query')]: true, texts: ['select 1'], values: [] },
      copy.sql`select 1`,
      structuredClone(real),
      runInNewContext('({ text: "select 1", values: [] })'),
      ['select 1'],
      null,
      undefined,
      () => 'select 1',
    ]
    for (const forgery of forgeries) expect(code(() => statementOf(forgery))).toBe('UNSAFE_SQL')
    // Inside a template a string is a value. Another copy's query is none, and the message says what is the matter.
    expect(textOf(sql`select ${'select 1'}`)).toEqual(['select $1', ['select 1']])
    for (const run of [() => sql`select ${copy.sql`x`}`, () => statementOf(copy.sql`select 1`)]) {
      expect(run).toThrow(
        expect.objectContaining({
          code: 'UNSAFE_SQL',
          message: expect.stringContaining('let one copy be installed'),
        }),
      )
    }
  })

  it('is a tag only', () => {
    const call = sql as unknown as (...all: unknown[]) => unknown
    const raw = Object.assign(['select 1'], { raw: ['select 1'] })
    for (const argument of ['select 1', ['select 1'], raw, { raw: ['x'], 0: 'x', length: 1 }, undefined]) {
      expect(code(() => call(argument))).toBe('UNSAFE_SQL')
    }
  })

  it('shows nothing of itself in logs', () => {
    const query = sql`select ${'secret value'}`
    expect(`${inspect(query, { showHidden: true, depth: 9 })} ${JSON.stringify({ query })}`).not.toMatch(
      /secret|select/,
    )
  })
})

describe('statements', () => {
  it.each([
    'set role postgres',
    'reset role',
    'commit',
    'begin',
    'rollback',
    'do $$ begin end $$',
    'copy t to stdout',
    'listen x',
    'prepare p as select 1',
    'deallocate all',
    'call p()',
    'create table x ()',
    'drop table x',
    '',
    ' -- only a comment',
    '/* select */ commit',
    '/* a /* b */ select */ commit',
    '\uFEFFcommit',
    '\u00a0commit',
    'select 1; select 2',
    "select 'a;b'; commit",
    'select $1',
    "select 'open",
    'select /* open',
    'select $x$ open',
    'select "open',
    '"select" 1',
    "'select'",
  ])('of this kind are not run: %s', (text) => {
    const strings = Object.freeze(Object.assign([text], { raw: Object.freeze([text]) }))
    expect(code(() => statementOf(sql(strings as never)))).toBe('UNSAFE_SQL')
  })

  it('are refused where a value stands inside quotes, or a placeholder is not ours', () => {
    const value = 'x'
    const inside = [
      sql`select '${value}'`,
      sql`select "${value}"`,
      sql`select /* ${value} */ 1`,
      sql`select $$${value}$$`,
      sql`select $1, ${value}`,
    ]
    for (const query of inside) expect(code(() => statementOf(query))).toBe('UNSAFE_SQL')
    expect(textOf(sql`select 'it''s' || E'\\'' || ${value} || $a$ ' $a$`)[1]).toEqual(['x'])
  })

  it('have one fingerprint whatever their values, comments and lists', () => {
    const print = (query: unknown): string => statementOf(query).fingerprint
    const base = print(sql`select * from t where id in (${1}, ${2})`)
    expect(base).toMatch(/^[0-9a-f]{16}$/)
    expect(
      print(sql`SELECT *  FROM t /* note */
      WHERE id IN (${1},${2},${3})`),
    ).toBe(base)
    expect(print(sql`select * from t where id in (1, 'b')`)).toBe(base)
    expect(print(sql`select * from u where id in (${1})`)).not.toBe(base)
    const rows = (count: number) =>
      sql`insert into t values ${sql.values(Array.from({ length: count }, () => [1, 2]))}`
    expect(print(rows(1))).toBe(print(rows(9)))
  })

  it('are examined in linear time', () => {
    const hostile = [
      '/*'.repeat(20_000),
      "'".repeat(40_001),
      '$a'.repeat(20_000),
      '-'.repeat(40_000),
      ':'.repeat(40_000),
    ]
    for (const text of hostile) {
      const strings = Object.freeze(Object.assign([`select ${text}`], { raw: Object.freeze(['']) }))
      const started = performance.now()
      code(() => statementOf(sql(strings)))
      expect(performance.now() - started).toBeLessThan(500)
    }
  })
})

describe('values', () => {
  const lone = '\ud800'
  const cycle: unknown[] = []
  cycle.push(cycle)
  const refused: unknown[] = [
    undefined,
    NaN,
    Infinity,
    -Infinity,
    new Date(NaN),
    new Date(8.64e15),
    new Date('-000001-01-01T00:00:00Z'),
    'a\u0000b',
    lone,
    `a${lone}`,
    () => 1,
    Symbol('x'),
    {},
    { toString: () => 'x' },
    { toPostgres: () => 'x' },
    new Map(),
    [undefined],
    [['\u0000']],
    [{}],
    cycle,
    [[1], [1, 2]],
    [[1], 2],
    [1, [2]],
    [[1], null],
    [
      [[1], [2]],
      [
        [3, 4],
        [5, 6],
      ],
    ],
    [[]],
    [[], []],
    [[[[[[[1]]]]]]],
    Array.from({ length: 2 }),
    Array(2),
    Object('x'),
    new Float32Array(1),
    new URL('http://x'),
    Promise.resolve(1),
    /x/,
  ]
  it.each(refused.map((value) => [inspect(value), value]))(
    'refuses %s before anything is sent',
    (_name, value) => {
      expect(code(() => sql`select ${value as never}`)).toBe('INVALID_SQL_VALUE')
    },
  )

  it.each([
    { a: '\u0000' },
    { 'a\u0000': 1 },
    { a: [lone] },
    [undefined],
    undefined,
    () => 1,
    { a: NaN },
    { a: 1n },
    cycle,
    { a: Symbol('x') },
    { a: new Date(NaN) },
    Symbol('x'),
    { a: () => 1 },
  ])('refuses JSON that would lose something: %#', (value) => {
    expect(code(() => sql.json(value))).toBe('INVALID_SQL_VALUE')
  })

  it('are copied: changing them later changes nothing', () => {
    const bytes = new Uint8Array([1, 2])
    const list = ['a']
    const query = sql`select ${bytes}, ${list}`
    bytes[0] = 9
    list.push('b')
    expect(textOf(query)[1]).toEqual([Buffer.from([1, 2]), '{"a"}'])
  })

  it('are at most 65,535', () => {
    const list = (count: number) =>
      sql`select 1 where ${sql.in(
        sql`1`,
        Array.from({ length: count }, () => 1),
      )}`
    expect(statementOf(list(65_535)).values).toHaveLength(65_535)
    expect(code(() => list(65_536))).toBe('INVALID_SQL_VALUE')
  })
})

describe('identifiers', () => {
  const hostile = [
    'a b',
    'a;b',
    "a'b",
    'a"b',
    'a`b',
    'a\nb',
    'a\u0000b',
    'a--',
    'a/*',
    '',
    '1a',
    'a'.repeat(64),
    'a'.repeat(5_000),
    'tab\tle',
    'é',
    'a.b',
    '$a',
    7,
    null,
    ['a'],
    { toString: () => 'a' },
  ]
  it.each(hostile.map((name) => [inspect(name).slice(0, 40), name]))('refuse %s', (_name, name) => {
    expect(code(() => sql.id(name as never))).toBe('UNSAFE_IDENTIFIER')
  })

  it('come from a list where there is one', () => {
    expect(textOf(sql`select ${sql.id('Name of "x"', ['Name of "x"'])}`)[0]).toBe('select "Name of ""x"""')
    expect(code(() => sql.id('id', ['name']))).toBe('UNSAFE_IDENTIFIER')
    expect(code(() => sql.id('é'.repeat(32), ['é'.repeat(32)]))).toBe('UNSAFE_IDENTIFIER')
    expect(textOf(sql`select ${sql.id('a'.repeat(63))}`)[0]).toHaveLength(72)
  })

  it('are refused where the list of those allowed is none: it was looked up by a name that is not there', () => {
    const lists: Record<string, readonly string[]> = { orders: ['id'] }
    for (const list of [
      lists['nowhere'],
      lists['constructor'],
      lists['__proto__'],
      'id, name',
      null,
      { 0: 'id' },
    ]) {
      expect(code(() => sql.id('id', list as never))).toBe('UNSAFE_IDENTIFIER')
    }
  })
})
