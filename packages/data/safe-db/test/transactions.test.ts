import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { sql } from '../src/index.ts'
import type { SafeDbOptions } from '../src/index.ts'
import { appWith, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
let app: FastifyInstance

const build = (options: Partial<SafeDbOptions> = {}): FastifyInstance =>
  appWith({ dsn: database.dsn, poolSize: 2, ...options })

beforeAll(async () => {
  database = await startDatabase()
})
beforeEach(async () => {
  await database.admin('truncate things')
  app = build()
})
afterEach(() => app.close())
afterAll(() => database.server.stop())

const add = (id: number) => sql`insert into things (id) values (${id})`
const ids = async (): Promise<unknown[]> =>
  (await database.admin('select id from things order by id')).map(({ id }) => id)
const NOTHING_HELD = { taken: 0, waiting: 0 }

describe('a transaction', () => {
  it('commits what happened in it, together', async () => {
    await app.ready()
    const result = await app.db.tx(async (tx) => {
      await tx.exec(add(1))
      await tx.exec(add(2))
      expect(await ids()).toEqual([])
      return 'done'
    })
    expect([result, await ids()]).toEqual(['done', [1, 2]])
  })

  it('rolls back when its function throws, and gives the error on', async () => {
    await app.ready()
    const defect = new Error('a defect of the app')
    const failing = app.db.tx(async (tx) => {
      await tx.exec(add(1))
      throw defect
    })
    await expect(failing).rejects.toBe(defect)
    expect([await ids(), app.db.status.write]).toEqual([[], { ...NOTHING_HELD, open: 1 }])
  })

  it('does not commit after a failed statement whose error was caught', async () => {
    await app.ready()
    let later: unknown
    const failing = app.db.tx(async (tx) => {
      await tx.exec(add(1))
      await tx.exec(add(1)).catch(() => undefined)
      later = await tx.exec(add(2)).catch((error: unknown) => error)
      return 'pretends'
    })
    await expect(failing).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' })
    expect(later).toMatchObject({ code: 'TRANSACTION_OVER' })
    expect(await ids()).toEqual([])
  })

  it('does not commit when a deferred constraint fails at its end', async () => {
    await database.admin(
      'drop table if exists later; create table later (id int, unique (id) deferrable initially deferred); grant all on later to app',
    )
    await app.ready()
    const twice = sql`insert into later values (1)`
    const failing = app.db.tx(async (tx) => [await tx.exec(twice), await tx.exec(twice)])
    await expect(failing).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' })
    expect(await database.admin('select id from later')).toEqual([])
    expect(app.db.status.write.taken).toBe(0)
  })

  it('takes no statement after its end, and none is left behind unnoticed', async () => {
    await app.ready()
    let escaped: { exec: typeof app.db.exec } | undefined
    await app.db.tx(async (tx) => void (escaped = tx))
    await expect(escaped?.exec(add(1))).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    const careless = app.db.tx(async (tx) => {
      for (const id of [1, 2, 3]) void tx.exec(add(id)).catch(() => undefined)
    })
    await expect(careless).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    expect(await ids()).toEqual([])
  })

  it('runs statements given at once one after the other', async () => {
    await app.ready()
    const warned = vi.spyOn(process, 'emitWarning')
    await app.db.tx((tx) => Promise.all([1, 2, 3].map((id) => tx.exec(add(id)))))
    expect(await ids()).toEqual([1, 2, 3])
    expect(warned).not.toHaveBeenCalled()
  })

  it('that reads cannot write, and one that is told nonsense does not begin', async () => {
    await app.ready()
    await expect(app.db.tx((tx) => tx.exec(add(1)), { access: 'read' })).rejects.toMatchObject({
      code: 'DATABASE_READ_ONLY',
    })
    const nonsense = { isolation: 'serializable; commit' as never }
    await expect(app.db.tx((tx) => tx.exec(add(1)), nonsense)).rejects.toMatchObject({
      code: 'TRANSACTION_OVER',
    })
    expect(await ids()).toEqual([])
  })

  it('has its isolation, and conflicts can be tried again', async () => {
    await app.ready()
    await app.db.exec(add(1))
    const change = sql`update things set amount = amount + 1 where id = 1`
    const clash = app.db.tx(
      async (tx) => {
        await tx.query(sql`select * from things`)
        await app.db.exec(change)
        await tx.exec(change)
      },
      { isolation: 'repeatable read' },
    )
    await expect(clash).rejects.toMatchObject({
      code: 'DATABASE_CONFLICT',
      statusCode: 503,
      headers: { 'retry-after': '1' },
    })
  })

  it('carries the context of its request in every statement', async () => {
    app.get('/', (request) =>
      request.db.tx(async (tx) => {
        await tx.query(sql`select 1`)
        return tx.query(sql`select id from orders`)
      }),
    )
    const answer = await app.inject({ url: '/', headers: { 'x-tenant': 'blue' } })
    expect(answer.json()).toEqual([{ id: 3 }])
  })
})

describe('nothing is held or written by a request that ends otherwise', () => {
  /** Waits until no connection is taken. */
  async function expectReleased(): Promise<void> {
    await vi.waitFor(() => expect(app.db.status.write).toMatchObject(NOTHING_HELD), { timeout: 3_000 })
    // The server may take a moment to say so.
    const idle = "select 1 from pg_stat_activity where state like 'idle in transaction%'"
    await vi.waitFor(async () => expect(await database.admin(idle)).toEqual([]), { timeout: 3_000 })
    expect(await ids()).toEqual([])
  }

  it('a client that goes away while a transaction waits for something that never comes', async () => {
    let began: () => void = () => undefined
    const running = new Promise<void>((resolve) => (began = resolve))
    app.get('/', (request) =>
      request.db.tx(async (tx) => {
        await tx.exec(add(1))
        began()
        await new Promise(() => undefined)
      }),
    )
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const client = httpRequest({ port, host: '127.0.0.1' })
    client.on('error', () => undefined)
    client.end()
    await running
    expect(app.db.status.write.taken).toBe(1)
    client.destroy()
    await expectReleased()
  })

  it('a client that goes away while a statement runs', async () => {
    app.get('/', (request) =>
      request.db.tx((tx) => tx.exec(sql`insert into things select 1 from pg_sleep(0.2)`)),
    )
    await app.listen({ port: 0, host: '127.0.0.1' })
    const client = httpRequest({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1' })
    client.on('error', () => undefined)
    client.end()
    await vi.waitFor(() => expect(app.db.status.write.taken).toBe(1))
    client.destroy()
    await expectReleased()
  })

  it('a hijacked reply', async () => {
    app.get('/', async (request, reply) => {
      reply.hijack()
      const hanging = request.db.tx(async (tx) => {
        await tx.exec(add(1))
        reply.raw.end('raw')
        await new Promise(() => undefined)
      })
      await hanging.catch(() => undefined)
    })
    expect((await app.inject('/')).body).toBe('raw')
    await expectReleased()
  })

  it('hooks that throw, before and behind the handler', async () => {
    app.addHook('onSend', async (request) => {
      if (request.url === '/send') throw new Error('a defect of a hook')
    })
    const work = (request: { db: typeof app.db }) =>
      request.db.tx(async (tx) => {
        await tx.exec(add(1))
        throw new Error('a defect of the app')
      })
    app.get('/send', work as never)
    app.get('/throw', work as never)
    app.get('/pre', { preHandler: work as never }, () => 'never')
    for (const url of ['/send', '/throw', '/pre']) expect((await app.inject(url)).statusCode).toBe(500)
    await expectReleased()
  })

  it('a backend that is killed', async () => {
    await app.ready()
    const killed = app.db.tx(async (tx) => {
      const { pid } = await tx.one<{ pid: number }>(sql`select pg_backend_pid() as pid`)
      await tx.exec(add(1))
      await database.admin(`select pg_terminate_backend(${pid})`)
      await new Promise(() => undefined)
    })
    await expect(killed).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    await expectReleased()
    expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
  })

  it('a transaction that sleeps longer than it may', async () => {
    await app.close()
    app = build({ idleInTransactionTimeout: 1_000 })
    await app.ready()
    const asleep = app.db.tx(async (tx) => {
      await tx.exec(add(1))
      await new Promise(() => undefined)
    })
    await expect(asleep).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    await expectReleased()
  })

  it('a long request with many transactions, such as a subscription: it keeps none of them', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const kept: number[] = []
    app.get('/', async (request) => {
      for (let count = 0; count <= 2_000; count++) {
        await request.db.tx((tx) => tx.query(sql`select 1`))
        if (count % 1_000 !== 0) continue
        gc()
        kept.push(process.memoryUsage().heapUsed)
      }
    })
    await app.inject('/')
    const [, before = 0, after = Infinity] = kept
    expect(after - before).toBeLessThan(1_000_000)
  })

  it('300 requests that end in every way at once, on two connections', async () => {
    await app.close()
    app = build({ maxWaiting: 1_000, poolWait: '20s' })
    app.get<{ Params: { way: string; id: string } }>('/:way/:id', (request, reply) =>
      request.db.tx(async (tx) => {
        const { way, id } = request.params
        await tx.exec(add(Number(id)))
        if (way === 'throw') throw new Error('a defect')
        if (way === 'fail') await tx.exec(add(Number(id))).catch(() => undefined)
        if (way === 'hijack') reply.hijack().raw.end('raw')
        if (way === 'abort') request.raw.socket.destroy()
        await sleep(1)
        if (way !== 'fail') throw new Error('nothing of this is to stay')
      }),
    )
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const ways = ['throw', 'fail', 'hijack', 'abort', 'reply']
    await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const client = httpRequest({
          port,
          host: '127.0.0.1',
          path: `/${ways[index % ways.length]}/${index}`,
        })
        const over = new Promise((resolve) => client.once('close', resolve))
        client.on('error', () => undefined)
        client.on('response', (response) => response.resume())
        client.end()
        await over
      }),
    )
    await expectReleased()
    expect(app.db.status.write.open).toBeLessThanOrEqual(2)
    expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
  })
})
