import { findPgBouncer, startPgBouncer } from '@portcullis/kernel/testing'
import type { PgBouncerService } from '@portcullis/kernel/testing'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../../src/index.ts'
import type { SafeDbOptions } from '../../src/index.ts'
import { visit } from '../client.ts'
import { appWith, startDatabase } from '../database.ts'
import type { TestDatabase } from '../database.ts'

const present = findPgBouncer() !== undefined
const users = { app: 'app password' }

// Where PgBouncer is not installed, the same is asked of PostgreSQL itself: what goes out is the same.
describe(`pooler: 'transaction', ${present ? 'through PgBouncer' : 'to PostgreSQL, without PgBouncer here'}`, () => {
  let database: TestDatabase
  const bouncers: PgBouncerService[] = []
  const apps: FastifyInstance[] = []
  beforeAll(async () => {
    database = await startDatabase()
    if (present) bouncers.push(await startPgBouncer({ port: database.server.port, users }))
  })
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))
  afterAll(async () => {
    await Promise.all(bouncers.map((one) => one.stop()))
    await database.server.stop()
  })

  function build(options: Partial<SafeDbOptions> = {}): FastifyInstance {
    const port = bouncers.at(-1)?.port ?? database.server.port
    const dsn = `postgres://app:app%20password@127.0.0.1:${port}/postgres`
    const app = appWith({ dsn, pooler: 'transaction', ...options })
    apps.push(app)
    return app
  }

  it('keeps each tenant to itself, many connections over two sessions', async () => {
    const app = build({ poolSize: 16, poolWait: '20s', maxWaiting: 1_000 })
    app.get('/', (request) =>
      request.db.query(sql`select tenant from orders, pg_sleep(0.001) group by tenant`),
    )
    app.get('/tx', (request) =>
      request.db.tx((tx) => tx.query(sql`select tenant from orders, pg_sleep(0.001) group by tenant`)),
    )
    await app.ready()
    const answers = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const tenant = index % 2 === 0 ? 'red' : 'blue'
        const answer = await app.inject({
          url: index % 3 === 0 ? '/tx' : '/',
          headers: { 'x-tenant': tenant },
        })
        const rows = answer.json<{ tenant: string }[]>()
        return rows.length === 1 && rows[0]?.tenant === tenant ? 'right' : answer.body
      }),
    )
    expect(answers.filter((verdict) => verdict !== 'right')).toEqual([])
    const sessions = await database.admin(
      "select count(*)::int as count from pg_stat_activity where usename = 'app'",
    )
    expect(sessions[0]?.['count']).toBeLessThanOrEqual(present ? 2 : 16)
  })

  it('has its timeouts in each packet and in each transaction, and leaves none behind', async () => {
    const app = build({ statementTimeout: 200, lockTimeout: 150, idleInTransactionTimeout: 300 })
    await app.ready()
    const timeouts = sql`select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
      current_setting('idle_in_transaction_session_timeout') as idle`
    const expected = [{ statement: '200ms', lock: '150ms', idle: '300ms' }]
    expect(await app.db.query(timeouts)).toEqual(expected)
    expect((await app.db.exec(timeouts)).rows).toEqual(expected)
    for (const isolation of ['read committed', 'serializable'] as const)
      expect(await app.db.tx((tx) => tx.query(timeouts), { isolation })).toEqual(expected)
    await expect(app.db.query(sql`select pg_sleep(5)`)).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' })
    const other = build({ statementTimeout: 3_000 })
    await other.ready()
    expect(await other.db.query(timeouts)).toMatchObject([{ statement: '3s' }])
  })

  it('cancels what runs for a client that goes away, and nothing else', async () => {
    const app = build({ poolSize: 2, statementTimeout: '30s' })
    app.get('/', (request) => request.db.query(sql`select pg_sleep(30)`))
    const client = visit(await app.listen({ port: 0, host: '127.0.0.1' }))
    const running = "select 1 from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'"
    await expect.poll(() => database.admin(running), { timeout: 5_000 }).toHaveLength(1)
    client.leave()
    await expect.poll(() => database.admin(running), { timeout: 5_000 }).toHaveLength(0)
    expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
    await expect.poll(() => app.db.status.write.taken).toBe(0)
  })

  it('does not boot where timeouts of a session are refused or dropped', async () => {
    if (!present) {
      await database.admin('alter role app set lock_timeout = 7')
      const straight = build({ pooler: 'none' })
      // What a session begins with wins over what its role has.
      await straight.ready()
      await database.admin('alter role app reset lock_timeout')
      return
    }
    await expect(build({ pooler: 'none' }).ready()).rejects.toThrow('SQLSTATE 08P01')
    const ignore_startup_parameters = 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout'
    const settings = { ignore_startup_parameters }
    bouncers.push(await startPgBouncer({ port: database.server.port, users, settings }))
    await expect(build({ pooler: 'none' }).ready()).rejects.toThrow("set pooler: 'transaction'")
    await build().ready()
  })
})
