import { randomBytes } from 'node:crypto'
import { startPostgres, startRedis } from '@portcullis/kernel/testing'
import type { PostgresServer, RedisService } from '@portcullis/kernel/testing'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { authTokens, postgresSchema } from '../src/index.ts'
import type { AuthTokensOptions } from '../src/index.ts'
import { appWith, bearer, optionsWith } from './app.ts'

let redis: RedisService
let postgres: PostgresServer
let pool: pg.Pool
beforeAll(async () => {
  ;[redis, postgres] = await Promise.all([startRedis(), startPostgres()])
  pool = new pg.Pool({ connectionString: postgres.url })
  pool.on('error', () => undefined)
  await pool.query(postgresSchema)
})
afterAll(async () => {
  await pool.end()
  await Promise.all([redis.stop(), postgres.stop()])
})

const apps: FastifyInstance[] = []
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))

const keySecret = randomBytes(32).toString('base64')
const stores: Record<string, () => Partial<AuthTokensOptions>> = {
  Redis: () => ({ redis: redis.url, keySecret, storeTimeout: 300 }),
  PostgreSQL: () => ({ postgres: pool, storeTimeout: 300 }),
}

/** Two instances of one app. */
async function pairOn(
  store: string,
  more: Partial<AuthTokensOptions> = {},
): Promise<[FastifyInstance, FastifyInstance]> {
  const options = optionsWith({ ...stores[store]?.(), ...more })
  const two = await Promise.all([appWith(options), appWith(options)])
  apps.push(...two)
  return two
}

const status = async (app: FastifyInstance, token: string): Promise<number> =>
  (await app.inject({ url: '/', headers: bearer(token) })).statusCode

describe.each(Object.keys(stores))('two instances on %s', (store) => {
  it('refresh one token at once to one successor', async () => {
    const [one, two] = await pairOn(store)
    const { refresh_token: token } = await one.tokens.issue({ subject: 'ada' })
    const pairs = await Promise.all(
      Array.from({ length: 20 }, (_each, index) => (index % 2 === 0 ? one : two).tokens.refresh(token)),
    )
    expect(new Set(pairs.map((pair) => pair.refresh_token)).size).toBe(1)
    expect(await Promise.all(pairs.map((pair) => status(one, pair.access_token)))).toEqual(
      pairs.map(() => 200),
    )
  })

  it('know of each other’s revocations within a second', async () => {
    const [one, two] = await pairOn(store)
    const subject = `user-${store}`
    const pair = await one.tokens.issue({ subject })
    const session = await two.tokens.issue({ subject })
    expect(await status(two, pair.access_token)).toBe(200)
    await one.tokens.revoke({ token: pair.access_token })
    await expect.poll(() => status(two, pair.access_token), { timeout: 1_000, interval: 10 }).toBe(401)
    await two.tokens.revoke({ token: session.refresh_token })
    await expect.poll(() => status(one, session.access_token), { timeout: 1_000, interval: 10 }).toBe(401)
    const other = await two.tokens.issue({ subject })
    await one.tokens.revokeAll(subject)
    await expect(two.tokens.refresh(other.refresh_token)).rejects.toMatchObject({ code: 'INVALID_GRANT' })
    await expect.poll(() => status(two, other.access_token), { timeout: 1_000, interval: 10 }).toBe(401)
    const later = await two.tokens.issue({ subject })
    expect([await status(one, later.access_token), await status(two, later.access_token)]).toEqual([200, 200])
  })

  it('know of revocations from before they started', async () => {
    const options = optionsWith(stores[store]?.())
    const one = await appWith(options)
    const pair = await one.tokens.issue({ subject: 'bob' })
    await one.tokens.revoke({ token: pair.access_token })
    await one.close()
    const two = await appWith(options)
    apps.push(two)
    expect(await status(two, pair.access_token)).toBe(401)
    expect((await two.tokens.refresh(pair.refresh_token)).token_type).toBe('bearer')
  })

  it('sign in again right after everything of a subject was revoked', async () => {
    const [one, two] = await pairOn(store)
    for (let round = 0; round < 20; round++) {
      await one.tokens.revokeAll('eve')
      const { access_token: token } = await two.tokens.issue({ subject: 'eve' })
      expect([await status(one, token), await status(two, token)]).toEqual([200, 200])
    }
  })
})

describe('without the store', () => {
  it('an app does not start', async () => {
    for (const more of [
      { redis: 'redis://127.0.0.1:1', keySecret },
      { postgres: new pg.Pool({ port: 1, host: '127.0.0.1' }) },
    ]) {
      const app = Fastify()
      app.register(authTokens, optionsWith(more))
      const error: unknown = await app.ready().then(
        () => undefined,
        (caught: unknown) => caught,
      )
      expect(error).toMatchObject({ code: 'PORTCULLIS_AUTH_TOKENS_STORE_UNREACHABLE' })
      await app.close()
    }
  })

  it('on PostgreSQL an app without the schema says what to do', async () => {
    const { rows } = await pool.query<{ current_database: string }>('select current_database()')
    expect(rows).toHaveLength(1)
    await pool.query('create database empty')
    const empty = new pg.Pool({ connectionString: postgres.url.replace(/\/[^/]*$/, '/empty') })
    const app = Fastify()
    app.register(authTokens, optionsWith({ postgres: empty }))
    await expect(app.ready()).rejects.toThrow('apply postgresSchema')
    await app.close()
    await empty.end()
  })

  it.each(['closed', 'open'] as const)(
    'tokens are taken for maxStaleness, then %s decides',
    async (onStoreError) => {
      const [app] = await pairOn('Redis', { onStoreError, maxStaleness: 2_000 })
      const { access_token: token, refresh_token: refresh } = await app.tokens.issue({ subject: 'ada' })
      await redis.kill('SIGSTOP')
      try {
        expect(await status(app, token)).toBe(200)
        const failed = await app.tokens.refresh(refresh).catch((error: object) => error)
        expect(failed).toMatchObject({ code: 'AUTH_STORE_UNAVAILABLE', statusCode: 503 })
        await new Promise((resolve) => setTimeout(resolve, 2_200))
        const reply = await app.inject({ url: '/', headers: bearer(token) })
        expect(reply.statusCode).toBe(onStoreError === 'closed' ? 503 : 200)
        if (onStoreError === 'closed') expect(reply.headers['retry-after']).toBe('1')
      } finally {
        await redis.kill('SIGCONT')
      }
      await expect.poll(() => status(app, token), { timeout: 5_000 }).toBe(200)
      // The connection was left meanwhile: a token that could not be exchanged is as good as before.
      const exchanged = await vi.waitFor(() => app.tokens.refresh(refresh), { timeout: 5_000 })
      expect(exchanged.token_type).toBe('bearer')
    },
  )
})
