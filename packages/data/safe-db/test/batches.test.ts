import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sql } from '../src/index.ts'
import { appWith, eventsOf, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
let app: FastifyInstance
const add = (id: number) => sql`insert into things (id, amount) values (${id}, 0)`
const ids = async (): Promise<unknown[]> =>
  (await database.admin('select id from things order by id')).map(({ id }) => id)

beforeAll(async () => {
  database = await startDatabase()
})
beforeEach(async () => {
  await database.admin('truncate things')
  app = appWith({ dsn: database.dsn, poolSize: 4 })
})
afterEach(() => app.close())
afterAll(() => database.server.stop())

describe('a batch', () => {
  it('runs its statements with the context of the request, all or none, and each is told', async () => {
    app.get('/', (request) =>
      request.db.batch([
        sql`select id from orders order by id`,
        add(1),
        sql`select count(*)::int as n from things`,
      ]),
    )
    await app.ready()
    const events = eventsOf(app)
    const answer = await app.inject({ url: '/', headers: { 'x-tenant': 'red' } })
    expect(answer.json()).toMatchObject([
      { rows: [{ id: 1 }, { id: 2 }] },
      { rowCount: 1 },
      { rows: [{ n: 1 }] },
    ])
    expect(events.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'succeeded'])
    events.length = 0
    await expect(app.db.batch([add(2), add(1), add(3)])).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' })
    expect(events.map(({ outcome, details }) => [outcome, (details as { code: string }).code])).toEqual([
      ['failed', 'TRANSACTION_OVER'],
      ['failed', 'UNIQUE_VIOLATION'],
    ])
    expect(await ids()).toEqual([1])
  })

  it('that reads cannot write, and one that is none is refused', async () => {
    await app.ready()
    await expect(app.db.batch([add(1)], { access: 'read' })).rejects.toMatchObject({
      code: 'DATABASE_READ_ONLY',
    })
    for (const none of [[], 'select 1', undefined, Array.from({ length: 1_001 }, () => add(1))]) {
      await expect(app.db.batch(none as never)).rejects.toMatchObject({ code: 'INVALID_SQL_VALUE' })
    }
    await expect(app.db.batch([add(1), 'select 1' as never])).rejects.toMatchObject({ code: 'UNSAFE_SQL' })
    expect(await ids()).toEqual([])
  })

  it('may have the same statement many times', async () => {
    await app.ready()
    for (let round = 0; round < 4; round++) {
      const answers = await app.db.batch(
        Array.from({ length: 5 }, (_, index) => sql`select ${index}::int as n`),
      )
      expect(answers.map(({ rows }) => rows)).toEqual([0, 1, 2, 3, 4].map((n) => [{ n }]))
    }
  })
})

describe('a transaction inside another', () => {
  it('is undone alone when it fails, however deep', async () => {
    await app.ready()
    await app.db.tx(async (tx) => {
      await tx.exec(add(1))
      await tx.tx(async (inner) => {
        await inner.exec(add(2))
        await inner
          .tx(async (innermost) => {
            await innermost.exec(add(3))
            throw new Error('undo three')
          })
          .catch(() => undefined)
        await inner.exec(add(4))
      })
      await tx.tx((inner) => inner.exec(add(1))).catch(() => undefined)
      await tx.batch([add(5), add(6)])
    })
    expect(await ids()).toEqual([1, 2, 4, 5, 6])
  })

  it('does not hide the failure of a statement in it', async () => {
    await app.ready()
    const failing = app.db.tx((tx) =>
      tx.tx(async (inner) => {
        await inner.exec(add(1))
        await inner.exec(add(1)).catch(() => undefined)
      }),
    )
    await expect(failing).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' })
    expect(await ids()).toEqual([])
  })

  it('alone takes statements while it is open: the outer one says so, and is over', async () => {
    await app.ready()
    const confused = app.db.tx((tx) =>
      tx.tx(async (inner) => {
        await inner.exec(add(1))
        await tx.exec(add(2))
      }),
    )
    await expect(confused).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    const hidden = app.db.tx(async (tx) => {
      await tx.tx(async () => void (await tx.tx(async () => 1).catch(() => undefined)))
    })
    await expect(hidden).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    expect(await ids()).toEqual([])
    expect(app.db.status.write.taken).toBe(0)
  })

  it('takes nothing after its end, and none is left behind unnoticed', async () => {
    await app.ready()
    const escaped = app.db.tx(async (tx) => {
      let kept: typeof tx | undefined
      await tx.tx(async (inner) => void (kept = inner))
      await kept?.exec(add(1))
    })
    await expect(escaped).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
  })
})

describe('conflicts', () => {
  it('of serializable transactions are tried again until each has counted', async () => {
    await app.ready()
    await app.db.exec(add(1))
    let runs = 0
    let allHaveRead: () => void = () => undefined
    const together = new Promise<void>((resolve) => (allHaveRead = resolve))
    const count = () =>
      app.db.tx(
        async (tx) => {
          runs++
          const { amount } = await tx.one<{ amount: number }>(sql`select amount from things where id = 1`)
          if (runs === 4) allHaveRead()
          await together
          await tx.exec(sql`update things set amount = ${amount + 1} where id = 1`)
        },
        { isolation: 'serializable', retries: 10 },
      )
    await Promise.all([count(), count(), count(), count()])
    expect(await app.db.one(sql`select amount from things`)).toEqual({ amount: 4 })
    expect(runs).toBeGreaterThan(4)
  })

  it('are tried again as often as is said, told each time, and then are 503', async () => {
    await app.ready()
    const events = eventsOf(app, true)
    await database.admin(
      `create function clash() returns int language plpgsql as $$ begin raise exception 'x' using errcode = '40001'; end $$`,
    )
    for (const [retries, attempts] of [
      [0, 1],
      [undefined, 3],
      [3, 4],
    ] as const) {
      events.length = 0
      let runs = 0
      const failing = app.db.tx(
        async (tx) => {
          runs++
          await tx.exec(sql`select clash()`)
        },
        retries === undefined ? {} : { retries },
      )
      await expect(failing).rejects.toMatchObject({
        code: 'DATABASE_CONFLICT',
        statusCode: 503,
        headers: { 'retry-after': '1' },
      })
      expect(runs).toBe(attempts)
      const told = events
        .filter(({ outcome }) => outcome === 'failed')
        .map(({ details }) => details as { attempt: number; sqlState: string })
      expect(told.map(({ attempt }) => attempt)).toEqual(
        Array.from({ length: attempts }, (_, index) => index + 1),
      )
      expect(new Set(told.map(({ sqlState }) => sqlState))).toEqual(new Set(['40001']))
    }
    events.length = 0
    await expect(app.db.exec(sql`select clash()`)).rejects.toMatchObject({ code: 'DATABASE_CONFLICT' })
    expect(events).toHaveLength(3)
    for (const retries of [-1, 11, 0.5, NaN, '2']) {
      await expect(app.db.tx(async () => 1, { retries: retries as never })).rejects.toMatchObject({
        code: 'TRANSACTION_OVER',
      })
    }
    await database.admin('drop function clash()')
  })

  it('inside an inner transaction end the outer one too', async () => {
    await database.admin(
      `create function clash() returns int language plpgsql as $$ begin raise exception 'x' using errcode = '40P01'; end $$`,
    )
    await app.ready()
    let runs = 0
    const failing = app.db.tx(async (tx) => {
      runs++
      await tx.tx((inner) => inner.exec(sql`select clash()`)).catch(() => undefined)
    })
    await expect(failing).rejects.toMatchObject({ code: 'DATABASE_CONFLICT' })
    expect(runs).toBe(3)
    await database.admin('drop function clash()')
  })
})

describe('what is prepared', () => {
  it('is parsed anew when its table has changed, or the session has forgotten it', async () => {
    await app.close()
    app = appWith({ dsn: database.dsn, poolSize: 1 })
    await app.ready()
    await database.admin(
      'create table shapes (a int); insert into shapes values (1); grant select on shapes to app',
    )
    const all = () => app.db.query(sql`select * from shapes`)
    for (let round = 0; round < 4; round++) expect(await all()).toEqual([{ a: 1 }])
    await database.admin('alter table shapes add b text default $$two$$')
    expect(await all()).toEqual([{ a: 1, b: 'two' }])
    for (let round = 0; round < 4; round++) expect(await all()).toEqual([{ a: 1, b: 'two' }])
    await database.admin('alter table shapes alter a type text')
    expect(
      await app.db.tx((tx) => tx.query(sql`select * from shapes`)).catch((error: Error) => error),
    ).toBeDefined()
    expect(await all()).toEqual([{ a: '1', b: 'two' }])
    expect(app.db.status.write).toMatchObject({ taken: 0, open: 1 })
    await database.admin('drop table shapes')
  })

  it('has an end: texts without number leave the server a hundred of them', async () => {
    await app.close()
    app = appWith({ dsn: database.dsn, poolSize: 1 })
    await app.ready()
    for (let index = 0; index < 150; index++) {
      for (let round = 0; round < 3; round++) {
        await app.db.query(sql`select 1 as ${sql.id(`n${index}`)}`)
      }
    }
    // Those of a failure are dropped too.
    for (let round = 0; round < 20; round++) {
      await app.db.query(sql`select 1 / ${round - round}::int as n`).catch(() => undefined)
    }
    const { n } = await app.db.one<{ n: number }>(sql`select count(*)::int as n from pg_prepared_statements`)
    expect(n).toBeGreaterThan(10)
    expect(n).toBeLessThanOrEqual(101)
  })
})
