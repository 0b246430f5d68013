import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../../src/index.ts'
import type { SafeDbOptions } from '../../src/index.ts'
import { visit } from '../client.ts'
import { appWith, startDatabase } from '../database.ts'
import type { TestDatabase } from '../database.ts'

const RUNNING =
  "select pid from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()"

describe.each([15, 18] as const)('PostgreSQL %d: a client that goes away', (version) => {
  let database: TestDatabase
  const apps: FastifyInstance[] = []
  beforeAll(async () => {
    database = await startDatabase({ version })
  })
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))
  afterAll(() => database.server.stop())

  function build(options: Partial<SafeDbOptions> = {}): FastifyInstance {
    const app = appWith({ dsn: database.dsn, statementTimeout: '30s', ...options })
    apps.push(app)
    return app
  }

  /** Asks, goes away when the statement runs, and waits until it does not any more. */
  async function leave(url: string): Promise<void> {
    const client = visit(url)
    await expect.poll(() => database.admin(RUNNING), { timeout: 5_000 }).not.toHaveLength(0)
    client.leave()
    await client.body
    await expect.poll(() => database.admin(RUNNING), { timeout: 5_000 }).toHaveLength(0)
  }

  it('has its statement cancelled, and the connection serves on', async () => {
    const app = build({ poolSize: 1 })
    app.get('/', (request) => request.db.query(sql`select pg_sleep(30)`))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const [before] = await app.db.query<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    await leave(url)
    expect(await app.db.query(sql`select pg_backend_pid() as pid`)).toEqual([before])
    expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0, open: 1 })
  })

  it('has its transaction rolled back at once', async () => {
    const app = build({ poolSize: 1 })
    app.get('/', (request) =>
      request.db.tx(async (tx) => {
        await tx.exec(sql`insert into things (id) values (1)`)
        await tx.query(sql`select pg_sleep(30)`)
      }),
    )
    await leave(await app.listen({ port: 0, host: '127.0.0.1' }))
    await expect.poll(() => app.db.status.write.taken).toBe(0)
    expect(await database.admin('select * from things')).toEqual([])
  })

  it(
    'does not have the next statement of the connection cancelled, in 60 races',
    { timeout: 60_000 },
    async () => {
      const app = build({ poolSize: 2, poolWait: '20s', maxWaiting: 500 })
      app.get('/', (request) => request.db.query(sql`select pg_sleep(0.01)`))
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      let served = 0
      const honest = async (): Promise<void> => {
        await app.db.query(sql`select pg_sleep(0.002)`)
        served++
      }
      for (let round = 0; round < 60; round++) {
        const leaving = new AbortController()
        const left = fetch(url, { signal: leaving.signal }).then(
          (answer) => answer.text(),
          () => undefined,
        )
        await sleep(round % 15)
        leaving.abort()
        await Promise.all([honest(), honest(), honest(), left])
      }
      expect(served).toBe(180)
      await expect.poll(() => app.db.status.write.taken).toBe(0)
    },
  )

  it('leaves alone what was to be done after its answer', async () => {
    const app = build()
    let done: Promise<unknown> = Promise.resolve()
    app.get('/', async (request) => {
      done = request.db.exec(sql`insert into things (id) select 7 from pg_sleep(0.3)`)
      return 'sent'
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    expect(await visit(url).body).toBe('sent')
    expect(await done).toMatchObject({ rowCount: 1 })
  })

  it('finds the server gone as well', async () => {
    const app = build({ connectTimeout: 200, statementTimeout: 500 })
    app.get('/', (request) => request.db.query(sql`select pg_sleep(30)`))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const client = visit(url)
    await expect.poll(() => database.admin(RUNNING)).not.toHaveLength(0)
    database.server.kill('SIGSTOP')
    try {
      client.leave()
      await client.body
      await expect.poll(() => app.db.status.write.taken, { timeout: 5_000 }).toBe(0)
    } finally {
      database.server.kill('SIGCONT')
    }
    expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
  })
})
