import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { sql } from '../src/index.ts'
import type { SafeDbOptions } from '../src/index.ts'
import { appWith, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
let app: FastifyInstance
const add = (id: number) => sql`insert into things (id) values (${id})`
const ids = async (): Promise<unknown[]> =>
  (await database.admin('select id from things order by id')).map(({ id }) => id)

const build = (options: Partial<SafeDbOptions> = {}): FastifyInstance =>
  appWith({ dsn: database.dsn, poolSize: 2, transaction: true, ...options })

beforeAll(async () => {
  database = await startDatabase()
  await database.admin(
    'create table later (id int, unique (id) deferrable initially deferred); grant all on later to app',
  )
})
beforeEach(async () => {
  await database.admin('truncate things, later')
  app = build()
})
afterEach(() => app.close())
afterAll(() => database.server.stop())

async function expectNothingHeld(): Promise<void> {
  await vi.waitFor(() => expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0 }), {
    timeout: 5_000,
  })
}

describe('the transaction of a request', () => {
  it('commits all statements of a 2xx reply, before its first byte', async () => {
    app.addHook('onSend', async (request) => {
      await request.db.exec(add(3))
    })
    app.get('/', async (request) => {
      await request.db.exec(add(1))
      await request.db.tx((tx) => tx.exec(add(2)))
      expect(await ids()).toEqual([])
      return { seen: await request.db.query(sql`select id from things order by id`) }
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    expect(await ids()).toEqual([1, 2, 3])
    expect(String(first)).toContain('200 OK')
    socket.destroy()
    await expectNothingHeld()
  })

  it.each([
    [200, [1]],
    [201, [1]],
    [204, [1]],
    [302, []],
    [304, []],
    [400, []],
    [500, []],
  ])('of a reply with %s leaves %j', async (status, left) => {
    app.get('/', async (request, reply) => {
      await request.db.exec(add(1))
      return reply.code(status).send(status === 204 || status === 304 ? undefined : 'done')
    })
    const answer = await app.inject('/')
    expect(answer.statusCode).toBe(status)
    expect(await ids()).toEqual(left)
    await expectNothingHeld()
  })

  it('of a reply whose commit fails is that failure, in the format of the app', async () => {
    const twice = sql`insert into later values (1)`
    app.setErrorHandler((error: { code?: string }, _request, reply) =>
      reply.code(409).send({ mine: error.code }),
    )
    const work = async (request: FastifyRequest) => {
      await request.db.exec(twice)
      await request.db.exec(twice)
    }
    app.get('/', async (request, reply) => {
      await work(request)
      return reply.header('x-done', 'yes').send({ pretends: true })
    })
    app.get('/stream', async (request, reply) => {
      await work(request)
      return reply.send(Readable.from(['pretends', 'to', 'be']))
    })
    const answer = await app.inject('/')
    expect([answer.statusCode, answer.json()]).toEqual([409, { mine: 'UNIQUE_VIOLATION' }])
    const streamed = await app.inject('/stream')
    expect([streamed.statusCode, streamed.json()]).toEqual([409, { mine: 'UNIQUE_VIOLATION' }])
    expect(await database.admin('select id from later')).toEqual([])
    await expectNothingHeld()
  })

  it('of a handler that swallowed the error of a statement is that error', async () => {
    app.get('/', async (request) => {
      await request.db.exec(add(1))
      await request.db.exec(add(1)).catch(() => undefined)
      return 'pretends'
    })
    const answer = await app.inject('/')
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([409, 'UNIQUE_VIOLATION'])
    expect(await ids()).toEqual([])
  })

  it('goes on after a transaction inside it that failed', async () => {
    app.get('/', async (request) => {
      await request.db.exec(add(1))
      await request.db
        .tx(async (tx) => {
          await tx.exec(add(2))
          await tx.exec(add(1))
        })
        .catch(() => undefined)
      await request.db.exec(add(3))
      return 'done'
    })
    expect((await app.inject('/')).statusCode).toBe(200)
    expect(await ids()).toEqual([1, 3])
  })

  it('is rolled back when a hook that comes after all of ours throws', async () => {
    app.get(
      '/',
      {
        onSend: async () => {
          throw new Error('a defect of a hook')
        },
      },
      async (request) => {
        await request.db.exec(add(1))
        return 'done'
      },
    )
    expect((await app.inject('/')).statusCode).toBe(500)
    expect(await ids()).toEqual([])
    await expectNothingHeld()
  })

  it('of a hijacked reply ends with it', async () => {
    app.get<{ Params: { status: string } }>('/:status', async (request, reply) => {
      await request.db.exec(add(Number(request.params.status)))
      reply.hijack()
      reply.raw.statusCode = Number(request.params.status)
      reply.raw.write('ra')
      reply.raw.end('w')
    })
    app.get('/never', async (request, reply) => {
      await request.db.exec(add(1))
      reply.hijack()
      request.raw.socket.destroy()
    })
    expect((await app.inject('/200')).body).toBe('raw')
    expect((await app.inject('/500')).body).toBe('raw')
    await app.listen({ port: 0, host: '127.0.0.1' })
    await expect(
      fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/never`),
    ).rejects.toThrow()
    await expectNothingHeld()
    expect(await ids()).toEqual([200])
  })

  it('streams a long reply whole, after its commit', async () => {
    const chunks = Array.from({ length: 300 }, (_, index) => `${index}:${'x'.repeat(5_000)};`)
    app.get('/', async (request, reply) => {
      await request.db.exec(add(1))
      return reply.send(Readable.from(chunks))
    })
    app.get('/web', async (request, reply) => {
      await request.db.exec(add(2))
      return reply.send(new Response(chunks.join('')))
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    for (const url of ['/', '/web']) {
      expect(await (await fetch(`http://127.0.0.1:${port}${url}`)).text()).toBe(chunks.join(''))
    }
    expect(await ids()).toEqual([1, 2])
  })

  it('takes nothing before its first statement, and none after its reply', async () => {
    let late: unknown
    app.addHook('onResponse', async (request) => {
      late = await request.db.exec(add(9)).catch((error: unknown) => error)
    })
    app.get('/none', () => ({ taken: app.db.status.write.taken }))
    app.get('/', async (request) => request.db.exec(add(1)))
    expect((await app.inject('/none')).json()).toEqual({ taken: 0 })
    expect(late).toMatchObject({ code: 'TRANSACTION_OVER' })
    late = undefined
    await app.inject('/')
    await vi.waitFor(() => expect(late).toMatchObject({ code: 'TRANSACTION_OVER' }))
    expect(await ids()).toEqual([1])
  })

  it('takes statements of a route that was there before the plugin, and of a hook before ours', async () => {
    await app.close()
    const { default: Fastify } = await import('fastify')
    const { default: kernel } = await import('@portcullis/kernel')
    const { default: safeDb } = await import('../src/index.ts')
    app = Fastify()
    app.get('/', async (request) => {
      await request.db.exec(add(1))
      throw new Error('a defect')
    })
    app.get('/good', async (request) => request.db.exec(add(2)))
    void app.register(safeDb, { dsn: database.dsn, tls: 'disable', access: 'write', transaction: true })
    void app.register(kernel, { environment: 'production', identify: () => null })
    expect((await app.inject('/')).statusCode).toBe(500)
    expect((await app.inject('/good')).statusCode).toBe(200)
    expect(await ids()).toEqual([2])
  })

  it('of a request that only reads cannot write, and takes no options', async () => {
    await app.close()
    app = build({ access: 'method' })
    app.get('/', (request) => request.db.query(sql`insert into things (id) values (1) returning id`))
    app.get('/exec', (request) => request.db.exec(add(1)))
    app.post('/', (request) => request.db.tx((tx) => tx.exec(add(1)), { isolation: 'serializable' }))
    app.post('/batch', (request) => request.db.batch([add(5), sql`select 1 as one`]))
    expect((await app.inject('/')).json()).toMatchObject({ code: 'DATABASE_READ_ONLY' })
    expect((await app.inject('/exec')).json()).toMatchObject({ code: 'DATABASE_READ_ONLY' })
    expect((await app.inject({ method: 'POST', url: '/' })).json()).toMatchObject({
      code: 'TRANSACTION_OVER',
    })
    expect((await app.inject({ method: 'POST', url: '/batch' })).json()).toMatchObject([
      { rowCount: 1 },
      { rows: [{ one: 1 }] },
    ])
    expect(await ids()).toEqual([5])
    await expectNothingHeld()
  })
})
