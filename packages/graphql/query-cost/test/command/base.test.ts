import { afterEach, describe, expect, it } from 'vitest'
import type { Report } from '../../src/command/report.ts'
import { COST_MODEL } from '../../src/core/index.ts'
import { createSandbox, type Sandbox } from './run.ts'

const schema = 'type Query { users(first: Int): [User] } type User { id: ID }'
/** Costs `size + 2`. */
const text = (name: string, size: number): string => `query ${name} { users(first: ${size}) { id } }`

let sandbox: Sandbox
afterEach(() => sandbox.remove())

const docs = ['@docs.json', '--schema', '@schema.graphql'] as const
const against = [...docs, '--base', '@base.json'] as const

/** Prices documents, then others against that report. */
async function compare(before: Record<string, string>, after: Record<string, string>, ...more: string[]) {
  sandbox = createSandbox({ 'schema.graphql': schema, 'docs.json': before })
  const { report } = await sandbox.check(...docs)
  sandbox.write({ 'base.json': report, 'docs.json': after })
  return sandbox.check(...against, ...more)
}

const brief = ({ operations }: Report): unknown[] =>
  operations.map(({ operation, before, cost, faults }) => [
    operation,
    before,
    cost,
    ...faults.map(({ code }) => code),
  ])

describe('a base', () => {
  it('is shown, and refuses nothing without --max-rise', async () => {
    const { code, report } = await compare(
      { a: text('A', 8), gone: text('Gone', 1) },
      { a: text('A', 98), b: text('B', 3) },
    )
    expect(code).toBe(0)
    expect(brief(report)).toEqual([
      ['A', 10, 100],
      ['B', undefined, 5],
    ])
    expect(report.gone).toEqual(['Gone (gone)'])
    const { output } = await sandbox.run('check', ...against)
    expect(output).toContain('ok         100  A (a)\n                +90 since the base, 900.0%\n')
    expect(output).toContain('no longer there: Gone (gone)')
  })

  it.each([
    [10, '10%', 11, 0],
    [10, '10%', 12, 1],
    [10, '0%', 10, 0],
    [10, '0%', 11, 1],
    [10, '12.5%', 11, 0],
    [10, '10%', 3, 0],
  ])('of %i with a rise of at most %s: %i ends with %i', async (before, rise, after, expected) => {
    const { code, report } = await compare(
      { a: text('A', before - 2) },
      { a: text('A', after - 2) },
      '--max-rise',
      rise,
    )
    expect(code).toBe(expected)
    expect(report.operations[0]?.faults.map((fault) => fault.code)).toEqual(
      expected === 0 ? [] : ['COST_RISEN'],
    )
  })

  it('finds an operation by its name when its hash has changed, and by its place when the name has', async () => {
    const { report } = await compare(
      { old: text('A', 1), same: text('B', 2) },
      { new: text('A', 3), same: text('C', 4) },
    )
    expect(brief(report)).toEqual([
      ['C', undefined, 6],
      ['A', 3, 5],
    ])
    const anonymous = await compare({ a: text('', 1) }, { a: text('', 5) })
    expect(brief(anonymous.report)).toEqual([[null, 3, 7]])
  })

  it('goes by place where several operations have the same name', async () => {
    const { report } = await compare(
      { a: text('A', 1), b: text('A', 2) },
      { b: text('A', 12), a: text('A', 11) },
    )
    expect(brief(report)).toEqual([
      ['A', 4, 14],
      ['A', 3, 13],
    ])
  })

  it('of another version of the cost model cannot be compared', async () => {
    await compare({ a: text('A', 1) }, { a: text('A', 1) })
    sandbox.write({ 'base.json': { costModel: COST_MODEL + 1, operations: [] } })
    const { code, output } = await sandbox.run('check', ...against)
    expect(code).toBe(2)
    expect(output).toBe(
      `the base has prices of cost model ${COST_MODEL + 1}, which cannot be compared with those of ${COST_MODEL}; make it anew with this version`,
    )
  })
})
