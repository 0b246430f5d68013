import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../src/index.ts'
import type { SafeDbOptions } from '../src/index.ts'
import { appWith, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

describe.each([15, 18] as const)('limits, on PostgreSQL %d', (version) => {
  let database: TestDatabase
  const apps: FastifyInstance[] = []
  beforeAll(async () => {
    database = await startDatabase({ version })
  })
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))
  afterAll(() => database.server.stop())

  function build(options: Partial<SafeDbOptions> = {}): FastifyInstance {
    const app = appWith({ dsn: database.dsn, ...options })
    apps.push(app)
    return app
  }
  const rows = (count: number) => sql`select generate_series(1, ${count}::int) as n`
  const tooMany = { code: 'DATABASE_ROW_LIMIT_EXCEEDED', statusCode: 500 }

  it('M15: a statement that reads has at most maxRows, and the database stops there', async () => {
    const app = build({ maxRows: 100, poolSize: 1, statementTimeout: '30s' })
    await app.ready()
    expect(await app.db.query(rows(100))).toHaveLength(100)
    const started = process.memoryUsage().rss
    for (const run of [
      () => app.db.query(rows(101)),
      () => app.db.many(rows(2_000_000_000)),
      () => app.db.tx((tx) => tx.query(rows(2_000_000_000))),
    ])
      await expect(run()).rejects.toMatchObject(tooMany)
    expect(process.memoryUsage().rss - started).toBeLessThan(200e6)
    expect(app.db.status.write).toEqual({ taken: 0, waiting: 0, open: 1 })
    expect(await app.db.query(rows(1))).toEqual([{ n: 1 }])
  })

  it('a transaction that has more is rolled back, also where the error was caught', async () => {
    const app = build({ maxRows: 2 })
    await app.ready()
    const insert = sql`insert into things (id) select generate_series(1, 3) returning id`
    await expect(app.db.tx((tx) => tx.exec(insert))).rejects.toMatchObject(tooMany)
    await expect(
      app.db.tx(async (tx) => void (await tx.exec(insert).catch(() => undefined))),
    ).rejects.toMatchObject(tooMany)
    expect(await app.db.query(sql`select * from things`)).toEqual([])
    // What is committed with its own packet cannot fail by its rows any more.
    expect((await app.db.exec(insert)).rowCount).toBe(3)
  })

  it('a route may have its own', async () => {
    const app = build({ maxRows: 2 })
    app.get('/few', (request) => request.db.query(rows(3)))
    app.get('/many', { config: { db: { maxRows: 3 } } }, (request) => request.db.query(rows(3)))
    expect((await app.inject('/few')).json()).toMatchObject(tooMany)
    expect((await app.inject('/many')).json()).toHaveLength(3)
  })

  it('M15: 429 takes no client, not even where none is left', async () => {
    let open = true
    const app = build({
      poolSize: 1,
      poolWait: '5s',
      limit: () =>
        open
          ? { allowed: true }
          : { allowed: false, limits: [{ retryAfterMs: 100 }, { retryAfterMs: 1_100 }] },
    })
    await app.ready()
    const holding = app.db.query(sql`select pg_sleep(0.3)`)
    await expect.poll(() => app.db.status.write.taken).toBe(1)
    open = false
    const refused: unknown = await app.db.query(rows(1)).catch((error: unknown) => error)
    expect(refused).toMatchObject({ statusCode: 429, headers: { 'retry-after': '2' } })
    expect(app.db.status.write).toMatchObject({ taken: 1, waiting: 0 })
    await holding
  })

  it('a limit that throws or answers nothing runs nothing', async () => {
    for (const limit of [
      () => {
        throw new Error('the store is away')
      },
      async () => undefined as never,
      async () => ({ allowed: 'yes' }) as never,
      async () => ({ allowed: 1 }) as never,
      async () => true as never,
      async () => ({ allowed: false, limits: [{ retryAfterMs: Number.NaN }] }),
    ]) {
      const app = build({ limit })
      await app.ready()
      const error: unknown = await app.db
        .exec(sql`insert into things (id) values (900)`)
        .catch((one: unknown) => one)
      expect(error).toBeInstanceOf(Error)
      expect(JSON.stringify(error)).not.toContain('NaN')
      expect(app.db.status.write.taken).toBe(0)
    }
    expect(await database.admin('select * from things where id = 900')).toEqual([])
  })

  it('maxWaiting: 0 lets nobody wait', async () => {
    const app = build({ poolSize: 1, maxWaiting: 0, poolWait: '5s' })
    await app.ready()
    const holding = app.db.query(sql`select pg_sleep(0.2)`)
    await expect.poll(() => app.db.status.write.taken).toBe(1)
    await expect(app.db.query(rows(1))).rejects.toMatchObject({
      code: 'DATABASE_BUSY',
      headers: { 'retry-after': '1' },
    })
    await holding
  })

  it.each([
    [{ maxRows: 0 }, 'db.maxRows'],
    [{ scramIterations: { min: 9, max: 8 } }, 'db.scramIterations'],
    [{ scramIterations: { least: 9 } }, 'db.scramIterations'],
    [{ requireAuth: 'md5' }, 'db.requireAuth'],
    [{ channelBinding: true }, 'db.channelBinding'],
    [{ pooler: 'session' }, 'db.pooler'],
    [{ lockTimeout: 0 }, 'db.lockTimeout'],
    [{ poolWait: 0 }, 'db.poolWait'],
    [{ connectTimeout: 0 }, 'db.connectTimeout'],
    [{ idleInTransactionTimeout: 0 }, 'db.idleInTransactionTimeout'],
  ])('%j does not boot', async (options, says) => {
    await expect(build(options as never).ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_KERNEL_INVALID_OPTIONS',
      message: expect.stringContaining(says),
    })
  })
})
