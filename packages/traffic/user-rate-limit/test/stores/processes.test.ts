import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { startRedis } from '@portcullis/kernel/testing'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import type { Algorithm } from '../../src/core/policy.ts'

const PROCESSES = 4
const EACH = 2_500
const QUOTA = 1_000

const others: Algorithm[] = process.env['PORTCULLIS_TIER'] === 'deep' ? ['sliding-log', 'fixed-window'] : []

it.each<Algorithm>(['sliding-window', ...others])(
  '%s: 4 processes, 10,000 requests at once, a limit of 1,000: exactly 1,000 pass',
  async (algorithm) => {
    const redis = await startRedis()
    const children = Array.from({ length: PROCESSES }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', program(redis.url, algorithm)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    const gone = children.map((child) => new Promise((resolve) => child.once('exit', resolve)))
    const lines = children.map((child) => {
      const read: string[] = []
      let wake = (): void => undefined
      child.stdout.on('data', (data) => {
        read.push(...String(data).trim().split('\n'))
        wake()
      })
      const state = { ended: false }
      child.once('exit', () => {
        state.ended = true
        wake()
      })
      return async (): Promise<string> => {
        while (read.length === 0 && !state.ended) await new Promise<void>((resolve) => (wake = resolve))
        return read.shift() ?? 'ended'
      }
    })
    for (const line of lines) expect(await line()).toBe('ready')
    // All at once.
    for (const child of children) child.stdin.write('go\n')
    const admitted = await Promise.all(lines.map(async (line) => Number(await line())))
    expect(admitted.reduce((sum, one) => sum + one, 0)).toBe(QUOTA)
    const client = new Redis(redis.url)
    for (const key of await client.keys('*')) expect(await client.pttl(key)).toBeGreaterThan(0)
    client.disconnect()
    await Promise.all(gone)
    await redis.stop()
  },
  60_000,
)

/** A process that asks for its share of the requests at once, when it is told to. Vite, below vitest, runs the sources. */
function program(url: string, algorithm: Algorithm): string {
  const here = createRequire(import.meta.url)
  const vitest = here.resolve('vitest/package.json')
  const core = join(import.meta.dirname, '../../src/core/index.ts')
  return `
    import { createRequire } from 'node:module'
    const { runnerImport } = await import(createRequire(${JSON.stringify(vitest)}).resolve('vite'))
    const { module } = await runnerImport(${JSON.stringify(core)}, { configFile: false, logLevel: 'silent' })
    const { Redis } = await import(${JSON.stringify(here.resolve('ioredis'))})
    const redis = new Redis(${JSON.stringify(url)}, { lazyConnect: true })
    const store = new module.RedisStore({ redis, storeTimeout: 30_000 })
    await store.connect()
    const policy = module.definePolicy({
      name: 'p', quota: ${QUOTA}, window: 600_000, algorithm: ${JSON.stringify(algorithm)}
    })
    process.stdin.once('data', async () => {
      const asked = Array.from({ length: ${EACH} }, () => store.reserve([{ key: '{k}', policy, cost: 1 }]))
      const verdicts = await Promise.all(asked)
      process.stdout.write(verdicts.filter((verdict) => verdict.allowed).length + '\\n')
      await store.close()
      process.exit(0)
    })
    process.stdout.write('ready\\n')
  `
}
