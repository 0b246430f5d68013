import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import { expect, it } from 'vitest'
import { capped } from './socket-process.ts'
import { codeIn, connect } from './sockets.ts'
import type { SocketClient } from './sockets.ts'

/** Runs the server in a process of its own. Vite, below vitest, runs the sources. */
function program(redis: string): string {
  const vitest = createRequire(import.meta.url).resolve('vitest/package.json')
  const source = join(import.meta.dirname, 'socket-process.ts')
  return `
    import { createRequire } from 'node:module'
    const { runnerImport } = await import(createRequire(${JSON.stringify(vitest)}).resolve('vite'))
    const { module } = await runnerImport(${JSON.stringify(source)}, {
      configFile: false,
      logLevel: 'silent',
      resolve: { conditions: ['@portcullis/source'] },
      ssr: { resolve: { conditions: ['@portcullis/source'] } },
    })
    const { url } = await module.capped(${JSON.stringify(redis)})
    process.stdout.write(url)
  `
}

/** Tries to open a subscription. @returns why it was refused, or nothing once the server had time to refuse it */
async function subscribed(client: SocketClient, id: string): Promise<string | undefined> {
  client.send({ id, type: 'subscribe', payload: { query: 'subscription { tick }' } })
  const told = await Promise.race([client.until((message) => message.id === id), delay(500)])
  return told === undefined ? undefined : codeIn(told)
}

it('a server that is killed keeps its subscriptions’ slots no longer than they live; one that runs keeps them', async () => {
  const redis = await startRedis()
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(redis.url)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString()))
  })
  const { app, url: own } = await capped(redis.url)
  const [there, bob] = await Promise.all(
    [url, own].map((at, index) =>
      connect(at, undefined, undefined, { 'x-user': ['ada', 'bob'][index] ?? '' }),
    ),
  )
  const ada = await connect(own, undefined, undefined, { 'x-user': 'ada' })
  if (there === undefined || bob === undefined) throw new Error('both were connected')
  expect(await subscribed(there, 'a')).toBeUndefined()
  expect(await subscribed(bob, 'b')).toBeUndefined()
  expect(await subscribed(ada, 'early')).toBe('CONCURRENCY_LIMIT_EXCEEDED')
  child.kill('SIGKILL')
  await gone
  expect(await subscribed(ada, 'at once')).toBe('CONCURRENCY_LIMIT_EXCEEDED')
  const killed = performance.now()
  let attempt = 0
  while ((await subscribed(ada, `again-${(attempt += 1)}`)) !== undefined) {
    expect(performance.now() - killed).toBeLessThan(45_000)
    await delay(500)
  }
  // Longer than a slot lives, and Bob's is still his.
  await delay(Math.max(0, 33_000 - (performance.now() - killed)))
  expect(await subscribed(bob, 'second')).toBe('CONCURRENCY_LIMIT_EXCEEDED')
  await Promise.all([ada.close(), bob.close()])
  await app.close()
  await redis.stop()
}, 120_000)
