import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../../scripts/suite/command.mjs'
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

describe('the task runner', () => {
  it('is asked how many tasks it executed', () => {
    expect(executedTasks(' Tasks:    5 successful, 5 total\nCached:    3 cached, 5 total')).toBe(5)
    expect(
      executedTasks('No tasks were executed as part of this run.\n Tasks:    0 successful, 0 total'),
    ).toBe(0)
    expect(executedTasks('')).toBe(0)
  })
})
