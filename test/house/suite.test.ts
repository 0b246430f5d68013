import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { benchmarks, chosen, fileOf, needsRedis } from '../../scripts/suite/benches.mjs'
import { root, run } from '../../scripts/suite/command.mjs'
import { executedTasks } from '../../scripts/suite/turbo.mjs'
import { judge, testFiles } from '../../scripts/suite/vitest.mjs'

const file = (name: string, ...statuses: string[]) => ({
  name: join(root, name),
  status: 'passed' as const,
  message: '',
  assertionResults: statuses.map((status, index) => ({ status, fullName: `${name} ${index}` })),
})

describe('the verdict over a test run', () => {
  it('counts tests', () => {
    expect(judge([file('a.test.ts', 'passed', 'passed')], ['a.test.ts'], 0)).toEqual({
      passed: 2,
      failed: 0,
      findings: [],
    })
    expect(judge([file('a.test.ts', 'passed', 'failed')], ['a.test.ts'], 1)).toMatchObject({
      passed: 1,
      failed: 1,
    })
  })

  it('fails when a file executed no test, or did not load', () => {
    const findings = ['no test was executed in b.test.ts']
    expect(judge([file('a.test.ts', 'passed')], ['a.test.ts', 'b.test.ts'], 0)).toEqual({
      passed: 1,
      failed: 1,
      findings,
    })
    expect(
      judge([file('a.test.ts', 'passed'), file('b.test.ts')], ['a.test.ts', 'b.test.ts'], 1),
    ).toMatchObject({ findings })
  })

  it('fails when a test was not run', () => {
    expect(judge([file('a.test.ts', 'passed', 'skipped')], ['a.test.ts'], 0)).toMatchObject({
      passed: 1,
      failed: 1,
    })
  })

  it('fails when there was no report, no file, or only a bad exit code', () => {
    expect(judge([], ['a.test.ts'], 0).failed).toBe(1)
    expect(judge([], [], 0).failed).toBe(1)
    expect(judge([file('a.test.ts', 'passed')], ['a.test.ts'], 1).findings).toEqual([
      'vitest ended with exit code 1',
    ])
  })
})

describe('the tiers', () => {
  it('are told apart by the names of the files', () => {
    const fast = testFiles('fast')
    expect(fast).toContain('test/house/suite.test.ts')
    expect(fast.filter((name) => /\.(?:deep|search)\.test\.ts$/.test(name))).toEqual([])
    expect(testFiles('deep')).toEqual(expect.arrayContaining(fast))
    expect(testFiles('search')).not.toContain('test/house/suite.test.ts')
  })
})

describe('the benchmarks', () => {
  const known = ['a', 'b', 'c']

  it('are all, or those that are named, each once and in order', () => {
    expect(chosen([], known)).toEqual({ names: known })
    expect(chosen(['c', 'a', 'c'], known)).toEqual({ names: ['a', 'c'] })
  })

  it('are refused with the list where there is none of a name, be others known or not', () => {
    for (const args of [['d'], ['a', 'd'], ['a.bench.mjs'], ['--help'], ['']])
      expect(chosen(args, known)).toEqual({ complaint: expect.stringContaining('There are a, b, c') })
    expect(chosen([], [])).toEqual({ complaint: expect.stringContaining('no benchmark') })
  })

  it('are those of test/bench, and say whether they need a Redis', () => {
    expect(benchmarks()).toEqual(
      expect.arrayContaining(['depth-limit', 'guard', 'query-cost', 'user-rate-limit']),
    )
    expect(benchmarks().filter(needsRedis)).toEqual(['user-rate-limit'])
    expect(fileOf('guard')).toBe(join(root, 'test/bench/guard.bench.mjs'))
  })

  it('are refused by the command too, before anything is installed', async () => {
    const { code, output } = await run(process.execPath, [join(root, 'scripts/bench.mjs'), 'no-such'])
    expect(code).toBe(1)
    expect(output).toContain('There is no benchmark no-such. There are ')
    expect(output).not.toContain('installing')
  })
})

describe('the task runner', () => {
  it('is asked how many tasks it executed', () => {
    expect(executedTasks(' Tasks:    5 successful, 5 total\nCached:    3 cached, 5 total')).toBe(5)
    expect(
      executedTasks('No tasks were executed as part of this run.\n Tasks:    0 successful, 0 total'),
    ).toBe(0)
    expect(executedTasks('')).toBe(0)
  })
})
