import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import password, { MOST_WORKERS, PASSWORD_WORK_CHANNEL } from '../src/index.ts'
import type { PasswordOptions } from '../src/index.ts'

const cheap = { memory: 19456, passes: 2 }
const apps: FastifyInstance[] = []
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))

async function start(options: PasswordOptions): Promise<FastifyInstance> {
  const app = Fastify()
  apps.push(app)
  await app.register(password, { ...cheap, ...options })
  app.post('/login', async ({ body }) => {
    const { password: typed } = body as { password: string }
    return { ok: (await app.passwords.verify(typed, undefined)).ok }
  })
  await app.ready()
  return app
}

const login = (app: FastifyInstance) =>
  app.inject({ method: 'POST', url: '/login', payload: { password: 'guess' } })

describe('under load', () => {
  it('leaves a core free, and a thread of libuv', () => {
    expect(MOST_WORKERS).toBeGreaterThanOrEqual(1)
    expect(MOST_WORKERS).toBeLessThanOrEqual(Math.max(1, Math.min(availableParallelism(), 4) - 1))
  })

  it('takes no more workers than it may, whatever was asked for', async () => {
    const app = await start({ maxConcurrency: 512 })
    expect(app.passwords.status).toMatchObject({ workers: MOST_WORKERS, running: 0, waiting: 0 })
  })

  it('answers the surplus at once with 503 and Retry-After, before anything is hashed for it', async () => {
    const app = await start({ maxQueue: 3, maxConcurrency: 1 })
    let begun = 0
    const count = (): void => void begun++
    subscribe(PASSWORD_WORK_CHANNEL, count)
    const answers = await Promise.all(Array.from({ length: 20 }, () => login(app)))
    unsubscribe(PASSWORD_WORK_CHANNEL, count)
    const refused = answers.filter(({ statusCode }) => statusCode === 503)
    expect(refused.length).toBe(16)
    expect(begun).toBe(4)
    for (const { headers, body } of refused) {
      expect(headers['retry-after']).toMatch(/^[1-9]\d?$/)
      expect(body).toContain('PASSWORD_HASHING_BUSY')
    }
    // And it is over when the load is.
    expect((await login(app)).statusCode).toBe(200)
    expect(app.passwords.status).toMatchObject({ running: 0, waiting: 0 })
  })

  it('shares the workers of the process between apps and scopes', async () => {
    const [first, second] = [await start({ maxQueue: 50 }), await start({ maxQueue: 50 })]
    let most = 0
    let begun = 0
    const ended: Promise<unknown>[] = []
    let done = 0
    const count = (): void => {
      begun++
      most = Math.max(most, begun - done)
    }
    subscribe(PASSWORD_WORK_CHANNEL, count)
    for (let time = 0; time < 10; time++) {
      for (const app of [first, second]) ended.push(app.passwords.hash('a password').then(() => done++))
    }
    await Promise.all(ended)
    unsubscribe(PASSWORD_WORK_CHANNEL, count)
    expect(begun).toBe(20)
    // One more may begin between the end of a job and our hearing of it.
    expect(most).toBeLessThanOrEqual(MOST_WORKERS + 1)
  })

  it('goes on after a flood of what is refused', async () => {
    const app = await start({ maxQueue: 5 })
    const bad = await Promise.all(
      Array.from({ length: 200 }, () => app.passwords.hash('\0').catch((error: Error) => error)),
    )
    expect(bad.every((error) => error instanceof Error)).toBe(true)
    await sleep(0)
    expect((await login(app)).statusCode).toBe(200)
  })
})
