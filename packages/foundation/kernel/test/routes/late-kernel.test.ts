import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// Whether the kernel was loaded before Fastify() was called is a fact of the whole process, so it is tried in one.
const program = fileURLToPath(new URL('late-kernel.program.js', import.meta.url))

describe('a kernel that is loaded after Fastify() was called', () => {
  it('warns at boot, guards by addHook all the same, and fails closed on a route it could not check', () => {
    const run = spawnSync(process.execPath, ['--conditions=@portcullis/source', program], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toEqual({
      warned: true,
      fine: 200,
      wrong: [500, 'PORTCULLIS_KERNEL_INVALID_ROUTE_OPTIONS'],
      wrongAgain: [500, 'PORTCULLIS_KERNEL_INVALID_ROUTE_OPTIONS'],
      misspelt: [500, 'PORTCULLIS_KERNEL_INVALID_ROUTE_OPTIONS'],
      missing: 404,
    })
  })
})
