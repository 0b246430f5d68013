import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../scripts/suite/command.mjs'
import { Descendants } from '../../scripts/suite/leftovers.mjs'

// How a server can outlive the test that started it: by a session of its own, an empty environment, a second fork.
const escapes = [
  ['in the background', 'sleep 600 >/dev/null 2>&1 & sleep 0.1'],
  ['in a session of its own', 'setsid sleep 600 >/dev/null 2>&1 & sleep 0.1'],
  ['with an environment of its own', 'env -i setsid sleep 600 >/dev/null 2>&1 & sleep 0.1'],
  ['after a second fork', '(setsid sleep 600 >/dev/null 2>&1 &) ; sleep 0.1'],
] as const

describe('a process that is left running', () => {
  let descendants = new Descendants()
  beforeEach(() => {
    descendants = new Descendants()
    descendants.follow()
  })
  afterEach(() => void descendants.end())

  it.for(Descendants.known ? escapes : [])('is found and ended: %s', async ([, script]) => {
    await run('sh', ['-c', script])
    const [left, ...others] = descendants.end()
    expect(left?.name).toBe('sleep 600')
    expect(others).toEqual([])
    await expect.poll(() => commandLine(left?.pid)).toBe('')
  })

  it('is not a process that ended, nor one of somebody else', async () => {
    await run('sh', ['-c', 'sleep 0.05'])
    expect(descendants.end()).toEqual([])
  })
})

/** Empty once the process has ended. */
function commandLine(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
