import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// Whether the gate was loaded before Fastify() was called is a fact of the whole process, so it is tried in one.
const program = fileURLToPath(new URL('late.program.js', import.meta.url))

const runIn = (environment: string) =>
  spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, NODE_ENV: environment },
  })

describe('strict-cors that is loaded after Fastify() was called', () => {
  it('holds for all requests, and knows no preflights of routes that were there before', () => {
    const run = runIn('test')
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toEqual({
      before: 404,
      after: 204,
      also: 204,
      foreign: 403,
      granted: 'https://app.example.com',
      refused: 403,
    })
  })

  it('does not boot in production', () => {
    const run = runIn('production')
    expect(run.status).not.toBe(0)
    expect(run.stderr).toContain('Import it before you call Fastify()')
  })
})
