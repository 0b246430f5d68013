import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../../scripts/suite/command.mjs'
import { testFiles } from '../../scripts/suite/vitest.mjs'
import { published } from './published.ts'

/** The tests of the fast tier: what is published is tested on every change. */
const files = new Set(testFiles('fast'))

/** Whether a file has a test, a group or a case with a title: the first string of a call or of a row. */
function has(file: string, title: string): boolean {
  if (!files.has(file)) return false
  const text = readFileSync(join(root, file), 'utf8')
  const quoted = [`'${title}'`, `\`${title}\``, `"${title}"`]
  return quoted.some((one) =>
    ['(', '( ', '[', '\n    ', '\n      '].some((before) => text.includes(`${before}${one},`)),
  )
}

describe('what is published', () => {
  it.each(published.map(({ pattern, ids, tests }) => [[...ids, pattern].join(': '), tests] as const))(
    '%s',
    (_name, tests) => {
      expect(tests.length).toBeGreaterThan(0)
      expect(tests.filter(([file, title]) => !has(file, title))).toEqual([])
    },
  )

  it('is listed once, with ids of advisories', () => {
    const ids = published.flatMap((entry) => entry.ids)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^(?:GHSA(?:-[0-9a-z]{4}){3}|CVE-\d{4}-\d{4,})$/)
    expect(new Set(published.map(({ pattern }) => pattern)).size).toBe(published.length)
  })

  it('is not found where there is no such test', () => {
    expect(has('test/attack/validation-cost.test.ts', 'refuses nothing')).toBe(false)
    expect(has('test/attack/none.test.ts', 'refuses %s before it is validated')).toBe(false)
  })
})
