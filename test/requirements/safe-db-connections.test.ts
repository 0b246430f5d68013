import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import kernel from '@portcullis/kernel'
import safeDb, { checkDsn, redactDsn, sql } from '@portcullis/safe-db'
import type { SafeDbOptions } from '@portcullis/safe-db'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { accept, acceptRefusalToBoot, verdictOf } from './acceptance.ts'
import { useAccounts } from './accounts-database.ts'
import { redactAtLastAt } from './flawed/interpolate-sql.ts'

const database = useAccounts()
const honest = { method: 'GET', url: '/' } as const

describe('M1: connection strings come from outside the code', () => {
  it('a function gives it when it is needed, and no error, event or dump shows it', async () => {
    const app = database.appWith((one) => one.get('/', (request) => request.db.query(sql`select 1 as one`)))(
      true,
    )
    await app.ready()
    expect((await app.inject('/')).json()).toEqual([{ one: 1 }])
    expect(JSON.stringify(app.db)).not.toContain('app:app')
    await app.close()
  })

  it('one with a secret is in no log, error, event or dump, however deep, also when the database is away', async () => {
    const password = `s3cr3t-${randomUUID()}`
    const name = `keeper_${randomUUID().slice(0, 8)}`
    const owner = new pg.Client({ connectionString: database.server.url })
    await owner.connect()
    await owner.query(`create role ${name} login password '${password}'`)
    process.env['DATABASE_URL'] = database.dsn().replace('app:app', `${name}:${password}`)
    const told: string[] = []
    const app = Fastify({ logger: { level: 'trace', stream: { write: (line) => void told.push(line) } } })
    void app.register(kernel, { environment: 'production' })
    void app.register(safeDb, { dsn: () => process.env['DATABASE_URL'] ?? '', tls: 'disable' })
    app.get('/', (request) => request.db.query(sql`select 1 as one`))
    await app.after()
    app.securityEvents.subscribe((event) => void told.push(inspect(event, { depth: 9 })))
    await app.ready()
    expect((await app.inject('/')).json()).toEqual([{ one: 1 }])
    // From here on, the string is wrong, is none, and then nobody is there.
    await owner.query(`alter role ${name} nologin`)
    await owner.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${name}'`)
    await owner.end()
    for (const wrong of [
      '',
      `postgres://${name}:${password}@`,
      `postgres://${name}:${password}@127.0.0.1:1/db`,
    ]) {
      if (wrong !== '') process.env['DATABASE_URL'] = wrong
      const error: unknown = await app.db.query(sql`select 1`).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ statusCode: 503 })
      const answer = await app.inject('/')
      told.push(answer.body, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error))
    }
    told.push(inspect(app, { depth: 12, showHidden: true, maxArrayLength: null }), inspect(app.db))
    expect(told.length).toBeGreaterThan(12)
    for (const text of told) expect(text.includes(password)).toBe(false)
    delete process.env['DATABASE_URL']
    await app.close()
  })
})

describe('M5: TLS that verifies the server', () => {
  acceptRefusalToBoot(
    'a server without TLS is not talked to, whatever sslmode asks for',
    database.appWith(() => undefined, { dsn: () => `${database.dsn()}?sslmode=require`, tls: 'verify-full' }),
    'offers no TLS',
  )
  it('connection strings of other databases are judged too', () => {
    expect(checkDsn('mysql://db/shop?ssl=true').transport).toBe('encrypted')
    expect(checkDsn('Server=db;Encrypt=yes').transport).toBe('verified')
    expect(checkDsn('postgres://db/shop?sslmode=require').transport).toBe('encrypted')
  })
})

describe('M6: a connection string can be logged without its secrets', () => {
  const hidden = ['postgres://db/shop?password=hidden', 'postgres://db/shop?sslmode=require&sslkey=/hidden']
  it('redactDsn shows none, wherever it stands', () => {
    for (const one of hidden) expect(redactDsn(one)).toMatch(/^postgres:\/\/db\/shop/)
    for (const one of [...hidden, 'postgres://app:hid@hidden@db/shop'])
      expect(redactDsn(one)).not.toContain('hidden')
  })
  it('the flawed pattern: what stands behind the last @ still has some', () => {
    for (const one of hidden) expect(redactAtLastAt(one)).toContain('hidden')
  })
})

describe('M7: credentials rotate without a restart', () => {
  it('under load, from one user to the next and with all the bursts, without one error', async () => {
    const owner = new pg.Client({ connectionString: database.server.url })
    await owner.connect()
    await owner.query("create role blue login password 'blue'; create role green login password 'green'")
    let secret = database.dsn().replace('app:app', 'blue:blue')
    const app = database.appWith(() => undefined, {
      dsn: async () => secret,
      poolSize: 6,
      poolWait: '10s',
      maxWaiting: 1_000,
    })(true)
    await app.ready()
    const users = new Map<string, number>()
    const burst = async (): Promise<void> => {
      const asked = Array.from({ length: 12 }, () =>
        app.db.one<{ me: string }>(sql`select current_user as me, pg_sleep(0.002)`),
      )
      for (const { me } of await Promise.all(asked)) users.set(me, (users.get(me) ?? 0) + 1)
    }
    for (const [next, last] of [
      ['green', 'blue'],
      ['blue', 'green'],
      ['green', 'blue'],
    ] as const) {
      await app.db.query(sql`select 1`)
      secret = database.dsn().replace('app:app', `${next}:${next}`)
      await owner.query(`alter role ${next} login`)
      // The last user can make no connection any more; what it has open goes on.
      await owner.query(`alter role ${last} nologin`)
      await burst()
      const before = users.get(next) ?? 0
      while ((users.get(next) ?? 0) === before) {
        // A connection whose session was changed is closed, so that a new one is needed.
        await Promise.all([burst(), app.db.query(sql`select set_config('app.some', 'thing', false)`)])
      }
    }
    expect([...users.keys()].toSorted()).toEqual(['blue', 'green'])
    await owner.end()
    await app.close()
  })
})

describe('M8: separate pools for reading and writing', () => {
  accept('what reads cannot write', {
    build: database.appWith((app, withGate) => {
      app.get('/', () => 'ok')
      const text = "insert into accounts values ('eve', 'red', 9)"
      app.get('/write', (request) =>
        request.db.query(withGate ? sql`insert into accounts values ('eve', 'red', 9)` : (text as never)),
      )
    }),
    honest,
    async assert(app) {
      expect(verdictOf(await app.inject('/write'))).toEqual([403, 'DATABASE_READ_ONLY'])
    },
  })
  acceptRefusalToBoot(
    'a reader that may write is found at boot',
    database.appWith(() => undefined, { readDsn: () => database.dsn() }),
    'db.readDsn: its role may write',
  )
})

describe('M15: database work is limited without blocking the process', () => {
  accept('who waits too long is told when to come again, while everybody else is served', {
    build: database.appWith(
      (app, withGate) => {
        app.get('/', () => 'ok')
        app.get('/slow', (request) =>
          request.db.query(withGate ? sql`select pg_sleep(0.2)` : ('select pg_sleep(0.2)' as never)),
        )
      },
      { poolSize: 1, poolWait: 30, maxWaiting: 1 },
    ),
    honest,
    async assert(app) {
      const slow = Promise.all([1, 2, 3].map(() => app.inject('/slow')))
      const started = performance.now()
      expect((await app.inject('/')).statusCode).toBe(200)
      expect(performance.now() - started).toBeLessThan(150)
      const refused = (await slow).filter(({ statusCode }) => statusCode !== 200)
      expect(refused.map(verdictOf)).toEqual([
        [503, 'DATABASE_BUSY'],
        [503, 'DATABASE_BUSY'],
      ])
      for (const { headers } of refused) expect(headers['retry-after']).toBe('1')
    },
  })
})

describe('M15: each user has a number of database operations', () => {
  const quotas = { read: 10, write: 2 }
  accept('who has used it up is told when to come again, and nobody else', {
    build(withGate) {
      let app: FastifyInstance | undefined
      const limit: SafeDbOptions['limit'] = async ({ access, request }) =>
        (app as FastifyInstance).userRateLimit.consume({
          policy: { name: `database ${access}`, quota: quotas[access], window: '1m' },
          identity: ['user', request?.principal.id ?? ''],
        })
      app = database.appWith(
        (one, gated) => {
          void one.register(userRateLimit)
          one.get('/', () => 'ok')
          one.get('/read', (request) =>
            request.db.query(gated ? sql`select 1 as one` : ('select 1 as one' as never)),
          )
          one.get('/write', { config: { db: { access: 'write' } } }, (request) =>
            gated
              ? request.db.tx((tx) => tx.exec(sql`update accounts set amount = amount`))
              : request.db.query('update accounts set amount = amount' as never),
          )
        },
        { limit, poolSize: 2 },
      )(withGate)
      return app
    },
    honest,
    async assert(app) {
      const get = (url: string, user: string) => app.inject({ url, headers: { 'x-user': user } })
      const answers = await Promise.all(Array.from({ length: 30 }, () => get('/read', 'ada')))
      const refused = answers.filter(({ statusCode }) => statusCode === 429)
      expect([answers.length - refused.length, refused.length]).toEqual([10, 20])
      for (const answer of refused) {
        expect(verdictOf(answer)).toEqual([429, 'DATABASE_LIMIT_EXCEEDED'])
        const seconds = Number(answer.headers['retry-after'])
        // A sliding window may take longer than one window to be empty.
        expect([seconds, seconds >= 1 && seconds <= 120]).toEqual([seconds, true])
      }
      expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0 })
      expect((await get('/read', 'bob')).statusCode).toBe(200)
      const writes = []
      for (let count = 0; count < 3; count++) writes.push((await get('/write', 'ada')).statusCode)
      expect(writes).toEqual([200, 200, 429])
    },
  })
})
