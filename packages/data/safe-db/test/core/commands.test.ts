import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { statementOf } from '../../src/core/query.ts'
import { sql } from '../../src/index.ts'

const commandsOf = (text: string): readonly string[] => {
  const strings = Object.freeze(Object.assign([text], { raw: Object.freeze([text]) }))
  return statementOf(sql(strings)).commands
}

describe('what a statement does', () => {
  it.each([
    ['select 1', 'select'],
    ['table orders', 'select'],
    ['values (1)', 'select'],
    ['(select 1) union (select 2)', 'select'],
    ['with a as (select 1) select * from a', 'select'],
    ['insert into t values (1)', 'insert'],
    ['insert into t select * from u', 'insert'],
    ['insert into t values (1) on conflict (id) do nothing', 'insert'],
    ['insert into t values (1) on conflict (id) do update set a = 1', 'insert update'],
    ['update t set a = 1', 'update'],
    ['delete from t', 'delete'],
    [
      'merge into t using u on true when matched then delete when not matched then insert values (1)',
      'insert delete merge',
    ],
    ['with gone as (delete from t returning *) select * from gone', 'delete'],
    ['with a as (select 1) delete from t', 'delete'],
    [
      'WITH a AS (select 1), b AS NOT MATERIALIZED (/* x */ UPDATE t set a = 1 returning 1) select 1',
      'update',
    ],
    ['with recursive a as (select 1) search depth first by x set y delete from t', 'delete'],
    ['with recursive a as (select 1) cycle x set y using key update t set a = 1', 'update'],
    ['select * into copy from t', 'select insert'],
    ['select * from t for update', 'select'],
    ['select * from t for no key update', 'select'],
    ['select * from t for /* */ UPDATE skip locked', 'select'],
    ['select t.update, t . delete from t', 'select'],
    ['select "delete", "into" from t', 'select'],
    ["select 'delete from t', $$ update t $$ -- insert", 'select'],
    // Taken for more than it is.
    ['select update from t', 'select update'],
    // "for" in quotes is a name, so what follows is no lock.
    ['with recursive a as (select 1) cycle x set y using "for" update t set a = 1', 'update'],
  ])('%s: %s', (text, commands) => {
    expect(commandsOf(text)).toEqual(commands.split(' '))
  })

  const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
  const numRuns = 2_000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)

  /** Statements and what they do. */
  const PARTS = {
    'select 1 as update_me, "delete", t."insert", \'merge\' from t': [],
    'values (1)': [],
    'table t': [],
    'select $$update$$ from t -- delete\n for no key update': [],
    'insert into t values (1) returning 1': ['insert'],
    'insert into t table u on conflict do nothing returning 1': ['insert'],
    'insert into t values (1) on conflict (id) do update set a = 2 returning 1': ['insert', 'update'],
    'update t set "delete" = 1 returning 1': ['update'],
    'delete from t where "update" returning 1': ['delete'],
    'merge into t using u on true when matched then delete': ['delete', 'merge'],
  } as const
  const part = fc.constantFrom(...Object.entries(PARTS))
  const space = fc.constantFrom(' ', '\n', '\t', '/* delete */', '/* /* update */ */', '-- insert\n', ' \f ')
  const link = fc.constantFrom('as(', 'as materialized(', 'as not materialized(', '(x)as(')
  const tail = fc.constantFrom(
    '',
    'search depth first by x set y',
    'cycle x set y using z',
    'cycle x set "for" using key',
  )

  /** The same with other letters and other white space, where neither is inside quotes. */
  const dress = (text: string, gap: string, upper: boolean): string =>
    text
      .split(/("[^"]*"|'[^']*'|\$\$[^$]*\$\$|--[^\n]*\n)/)
      .map((piece, index) => {
        if (index % 2 === 1) return piece
        return (upper ? piece.toUpperCase() : piece).replaceAll(' ', gap)
      })
      .join('')

  it('is found in every part of a statement, however it is written', () => {
    const property = fc.property(
      fc.array(fc.tuple(part, link, tail), { maxLength: 3 }),
      part,
      space,
      fc.boolean(),
      (chain, [main, does], gap, upper) => {
        const names = chain.map(([[text], as, after], index) => `c${index} ${as}${text})${after}`)
        const text = chain.length === 0 ? main : `with recursive ${names.join(', ')} ${main}`
        const expected = new Set<string>([...chain.flatMap(([[, parts]]) => parts), ...does])
        if (expected.size === 0) expected.add('select')
        expect(new Set(commandsOf(dress(text, gap, upper)))).toEqual(expected)
      },
    )
    fc.assert(property, { seed, numRuns })
  })
})
