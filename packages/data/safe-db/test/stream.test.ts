import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { sql } from '../src/index.ts'
import { appWith, collect, eventsOf, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
let app: FastifyInstance

beforeAll(async () => {
  database = await startDatabase()
  app = appWith({ dsn: database.dsn, poolSize: 1, idleInTransactionTimeout: 500 })
  await app.ready()
})
beforeEach(() => database.admin('truncate things'))
afterAll(async () => {
  await app.close()
  await database.server.stop()
})

interface Numbered {
  readonly n: number
}
const numbers = (count: number) => sql`select generate_series(1, ${count}::int) as n`
const free = () => vi.waitFor(() => expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0 }))
/** Proves that the one connection of the pool is whole, and nothing of a stream is left on it. */
async function usable(): Promise<void> {
  await free()
  const left = sql`select count(*)::int as n from pg_cursors where name like 'stream%'`
  expect(await app.db.one(left)).toEqual({ n: 0 })
}

describe('a stream of rows', () => {
  it.each([1, 7, 100, 10_000])('gives all of them in order, %d at a time', async (batchSize) => {
    const seen: number[] = []
    for await (const { n } of app.db.stream<Numbered>(numbers(1_000), { batchSize })) seen.push(n)
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1))
    await usable()
  })

  it('may be empty, or end where a batch does', async () => {
    expect(await collect(app.db.stream(numbers(0)))).toEqual([])
    expect(await collect(app.db.stream(numbers(200), { batchSize: 100 }))).toHaveLength(200)
    await usable()
  })

  it('takes nothing before its first row is asked for', async () => {
    const rows = app.db.stream(numbers(5))
    await setTimeout(20)
    expect(app.db.status.write.taken).toBe(0)
    expect((await rows.next()).value).toEqual({ n: 1 })
    expect(app.db.status.write.taken).toBe(1)
    await rows.return()
    expect(app.db.status.write.taken).toBe(0)
  })

  it('fetches no more than one batch ahead: the server counts what it has made', async () => {
    await database.admin(`
      create sequence made; grant all on sequence made to app;
      create function make(n int) returns int language plpgsql as $$ begin perform nextval('made'); return n; end $$`)
    const made = async (): Promise<number> =>
      Number((await database.admin('select last_value from made'))[0]?.['last_value'])
    // In a transaction that writes: nextval does.
    await app.db.tx(async (tx) => {
      let seen = 0
      for await (const row of tx.stream(sql`select make(n) from generate_series(1, 100000) as n`, {
        batchSize: 10,
      })) {
        expect(row).toEqual({ make: ++seen })
        if (seen % 10 === 5) expect(await made()).toBeLessThanOrEqual(seen + 10)
        if (seen === 55) break
      }
    })
    await usable()
  })

  it('holds memory to a batch, however many rows there are', { timeout: 60_000 }, async () => {
    const wide = sql`select n, repeat('x', 1000) as filler from generate_series(1, 200000) as n`
    let most = 0
    let count = 0
    const start = process.memoryUsage().heapUsed
    for await (const _row of app.db.stream(wide)) {
      if (++count % 5_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed - start)
    }
    expect(count).toBe(200_000)
    // All of them would be 200 MB of text alone.
    expect(most).toBeLessThan(100 * 2 ** 20)
  })

  it('is read-only, and in the context of its request', async () => {
    const site = appWith({ dsn: database.dsn })
    site.get('/', async (request) => collect(request.db.stream(sql`select id from orders order by id`)))
    site.get('/write', async (request) =>
      collect(request.db.stream(sql`insert into things (id) values (1) returning id`)),
    )
    expect((await site.inject({ url: '/', headers: { 'x-tenant': 'blue' } })).json()).toEqual([{ id: 3 }])
    expect((await site.inject('/')).json()).toEqual([])
    expect((await site.inject('/write')).json()).toMatchObject({ code: 'DATABASE_READ_ONLY' })
    expect(site.db.status.write.taken).toBe(0)
    await site.close()
  })

  it('takes a size of batches that is one', () => {
    for (const batchSize of [0, -1, 1.5, NaN, 10_001, '5']) {
      expect(() => app.db.stream(numbers(1), { batchSize: batchSize as never })).toThrow(
        expect.objectContaining({ code: 'INVALID_SQL_VALUE' }),
      )
    }
  })
})

describe('a stream that does not come to its end gives its connection back', () => {
  it('when its consumer stops, throws, or returns at once', async () => {
    for await (const _row of app.db.stream(numbers(1e6))) break
    await usable()
    const throwing = (async () => {
      for await (const { n } of app.db.stream<Numbered>(numbers(1e6)))
        if (n === 250) throw new Error('enough')
    })()
    await expect(throwing).rejects.toThrow('enough')
    await usable()
    await app.db.stream(numbers(5)).return()
    await usable()
  })

  it('when a statement in it fails, in the first batch or a later one', async () => {
    for (const at of [1, 950]) {
      const failing = collect(
        app.db.stream(sql`select 1 / (${at}::int - n) from generate_series(1, 1000) as n`),
      )
      await expect(failing).rejects.toMatchObject({ code: 'DATABASE_VALUE_REFUSED', sqlState: '22012' })
      await usable()
    }
    await expect(app.db.stream(sql`select * from nowhere`).next()).rejects.toMatchObject({
      sqlState: '42P01',
    })
    await expect(app.db.stream(sql`commit` as never).next()).rejects.toMatchObject({ code: 'UNSAFE_SQL' })
    await usable()
  })

  it('when its consumer never comes back: the server ends the transaction, and the next row is an error', async () => {
    const rows = app.db.stream(numbers(1_000))
    await rows.next()
    await free()
    // What was fetched already may still come; then the error.
    await expect(collect(rows)).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    await usable()
  })

  it('when its connection breaks', async () => {
    const rows = app.db.stream(numbers(1_000))
    await rows.next()
    await database.admin(
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app' and state like 'idle in%'",
    )
    await expect(collect(rows)).rejects.toMatchObject({ statusCode: expect.any(Number) as unknown })
    await usable()
  })

  it('when its client goes away while it is sent', async () => {
    const site = appWith({ dsn: database.dsn, poolSize: 1 })
    site.get('/', (request, reply) => {
      const lines = async function* () {
        for await (const { n } of request.db.stream<Numbered>(numbers(1e7)))
          yield `${n} ${'x'.repeat(1_000)}\n`
      }
      return reply.send(Readable.from(lines()))
    })
    await site.listen({ port: 0, host: '127.0.0.1' })
    const { port } = site.server.address() as AddressInfo
    for (let round = 0; round < 5; round++) {
      const client = connect(port, '127.0.0.1')
      client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
      await new Promise((resolve) => client.once('data', resolve))
      expect(site.db.status.write.taken).toBe(1)
      client.destroy()
      await vi.waitFor(() => expect(site.db.status.write.taken).toBe(0), 5_000)
    }
    expect(await site.db.one(sql`select 1 as one`)).toEqual({ one: 1 })
    await site.close()
  })

  it('when its client does not read: the server ends it, and nobody waits for it', async () => {
    const site = appWith({ dsn: database.dsn, poolSize: 1, idleInTransactionTimeout: 300 })
    site.get('/', (request, reply) => {
      const lines = async function* () {
        for await (const { n } of request.db.stream<Numbered>(numbers(1e7)))
          yield `${n} ${'x'.repeat(10_000)}\n`
      }
      return reply.send(Readable.from(lines()))
    })
    await site.listen({ port: 0, host: '127.0.0.1' })
    const { port } = site.server.address() as AddressInfo
    const client = connect(port, '127.0.0.1')
    client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    client.pause()
    await vi.waitFor(() => expect(site.db.status.write.taken).toBe(1), 5_000)
    await vi.waitFor(() => expect(site.db.status.write.taken).toBe(0), 5_000)
    client.destroy()
    await site.close()
  })
})

describe('many streams at once', () => {
  it('whose consumers end in every way, on two connections: none is lost', { timeout: 60_000 }, async () => {
    const site = appWith({ dsn: database.dsn, poolSize: 2, maxWaiting: 1_000, poolWait: '50s' })
    const ways: ((rows: AsyncGenerator<Numbered>) => Promise<unknown>)[] = [
      (rows) => collect(rows),
      async (rows) => {
        for await (const { n } of rows) if (n === 150) break
      },
      async (rows) => {
        for await (const _row of rows) throw new Error('enough')
      },
      // Several at a time: they wait for each other.
      (rows) => Promise.all([rows.next(), rows.next(), rows.return(undefined), rows.next()]),
      (rows) => Promise.allSettled([rows.next(), rows.throw(new Error('enough'))]),
      async (rows) => {
        const readable = Readable.from(rows)
        readable.once('data', () => readable.destroy())
        await new Promise((resolve) => readable.once('close', resolve))
      },
    ]
    site.get('/', async (request) => {
      const { way = '0' } = request.query as { way?: string }
      const failing =
        Number(way) % 2 === 1
          ? sql`select 1 / (120 - n) as n from generate_series(1, 300) as n`
          : numbers(300)
      await ways[Math.floor(Number(way) / 2)]?.(request.db.stream<Numbered>(failing))
      return 'done'
    })
    await site.ready()
    const answers = await Promise.all(
      Array.from({ length: 240 }, (_, at) => site.inject({ url: '/', query: { way: String(at % 12) } })),
    )
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200, 400, 500]))
    expect(site.db.status.write).toMatchObject({ taken: 0, waiting: 0 })
    const left = sql`select (select count(*)::int from pg_cursors where name <> '') as cursors`
    expect(await Promise.all([site.db.one(left), site.db.one(left)])).toEqual([
      { cursors: 0 },
      { cursors: 0 },
    ])
    await site.close()
  })
})

describe('streams of a transaction', () => {
  it('see its changes, and other statements run between their rows', async () => {
    await app.db.tx(async (tx) => {
      await tx.exec(sql`insert into things (id) select n from generate_series(1, 250) as n`)
      for await (const { id } of tx.stream<{ id: number }>(sql`select id from things order by id`, {
        batchSize: 10,
      })) {
        if (id % 50 === 0) await tx.exec(sql`update things set amount = ${id} where id = ${id}`)
      }
    })
    expect(await app.db.query(sql`select id from things where amount > 0 order by id`)).toHaveLength(5)
    await usable()
  })

  it('may be several at a time', async () => {
    const sums = await app.db.tx(async (tx) => {
      const [a, b] = [tx.stream<Numbered>(numbers(250)), tx.stream<Numbered>(numbers(250), { batchSize: 7 })]
      const seen: [unknown, unknown][] = []
      for (let count = 0; count < 250; count++) seen.push([(await a.next()).value, (await b.next()).value])
      return seen.filter(([left, right]) => JSON.stringify(left) === JSON.stringify(right)).length
    })
    expect(sums).toBe(250)
  })

  it('that fail undo it, also where the error was caught', async () => {
    const undone = app.db.tx(async (tx) => {
      await tx.exec(sql`insert into things (id) values (1)`)
      await collect(tx.stream(sql`select 1 / (50 - n) from generate_series(1, 90) as n`)).catch(
        () => undefined,
      )
    })
    await expect(undone).rejects.toMatchObject({ sqlState: '22012' })
    expect(await app.db.query(sql`select id from things`)).toEqual([])
  })

  it('end with it, and each is told once, whether somebody reads it to the end or not', async () => {
    const events = eventsOf(app)
    const left = await app.db.tx(async (tx) => {
      await collect(tx.stream(numbers(250)))
      const rows = tx.stream(numbers(1_000))
      await rows.next()
      return rows
    })
    await vi.waitFor(() => expect(events).toHaveLength(2))
    expect(events.map(({ outcome, details }) => [outcome, (details as { rows: number }).rows])).toEqual([
      ['succeeded', 250],
      ['succeeded', 100],
    ])
    // What was fetched is there; there is no more.
    expect((await collect(left)).length).toBeLessThan(100)
    expect(events).toHaveLength(2)
    await usable()
  })
})
