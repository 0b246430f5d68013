import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { expect, vi } from 'vitest'
import { sql } from '../src/index.ts'
import { appWith } from './database.ts'
import type { TestDatabase } from './database.ts'

/** Ways in which a request ends other than well. Hooks throw by their names. */
const HOOKS = [
  'onRequest',
  'preParsing',
  'preValidation',
  'preHandler',
  'preSerialization',
  'onSend',
  'onResponse',
  'onError',
] as const
const WAYS = [
  ...HOOKS,
  'good',
  'stream',
  'streamFails',
  'throw',
  'refuse',
  'redirect',
  'swallow',
  'hijack',
  'hijackNever',
  'abort',
  'abortWhileRunning',
  'kill',
  'commitFails',
  'unawaited',
  'nested',
  'lateHook',
] as const
type Way = (typeof WAYS)[number]

/** A random number generator that a seed repeats (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Case {
  readonly way: Way
  readonly id: number
  readonly route: 'tx' | 'request'
}

const wayOf = (request: FastifyRequest): Way => (request.params as { way: Way }).way
const add = (id: number) => sql`insert into things (id) values (${id})`

async function misbehave(
  { params, raw, db }: FastifyRequest,
  reply: FastifyReply,
  tx: Pick<FastifyRequest['db'], 'exec' | 'one'>,
): Promise<void> {
  const { way, id } = params as { way: Way; id: string }
  await tx.exec(add(Number(id)))
  if (way === 'throw') throw new Error('a defect of the app')
  if (way === 'swallow') await tx.exec(add(Number(id))).catch(() => undefined)
  if (way === 'abort') raw.socket.destroy()
  if (way === 'abortWhileRunning') {
    setTimeout(() => raw.socket.destroy(), 2)
    await tx.exec(sql`select pg_sleep(0.02)`)
  }
  if (way === 'kill') await tx.exec(sql`select pg_terminate_backend(pg_backend_pid())`).catch(() => undefined)
  if (way === 'commitFails') {
    await tx.exec(sql`insert into later values (${Number(id)})`)
    await tx.exec(sql`insert into later values (${Number(id)})`)
  }
  if (way === 'unawaited') void tx.exec(add(Number(id))).catch(() => undefined)
  if (way === 'hijackNever') {
    reply.hijack()
    setTimeout(() => raw.socket.destroy(), 1)
    await sleep(5)
  }
  void db
}

function answer(way: Way, reply: FastifyReply): unknown {
  if (way === 'refuse') return reply.code(422).send({ refused: true })
  if (way === 'redirect') return reply.redirect('/elsewhere', 303)
  if (way === 'stream') return reply.send(Readable.from(['a', 'b', 'c']))
  if (way === 'streamFails') {
    return reply.send(
      new Readable({
        read() {
          this.destroy(new Error('a defect of a stream'))
        },
      }),
    )
  }
  if (way === 'hijack') {
    reply.hijack().raw.writeHead(500).end('raw')
    return reply
  }
  return way === 'hijackNever' ? reply : { done: true }
}

/** An app whose routes end in all of these ways: in a transaction of their own, and in that of the request. */
export function chaoticApp(database: TestDatabase): FastifyInstance {
  const app = appWith({
    dsn: database.dsn,
    poolSize: 4,
    maxWaiting: 10_000,
    poolWait: '60s',
    statementTimeout: '30s',
  })
  for (const hook of HOOKS) {
    app.addHook(hook as 'onRequest', async (request: FastifyRequest) => {
      await turn()
      if (wayOf(request) === hook) throw new Error('a defect of a hook')
    })
  }
  // Comes after all that plugins have added.
  const onSend = async (request: FastifyRequest): Promise<void> => {
    if (wayOf(request) === 'lateHook') throw new Error('a defect of a late hook')
  }
  app.post('/tx/:way/:id', { onSend }, async (request, reply) => {
    await request.db.tx(async (tx) => {
      await misbehave(request, reply, tx)
      if (wayOf(request) === 'nested') await tx.tx((inner) => inner.exec(add(0))).catch(() => undefined)
    })
    return answer(wayOf(request), reply)
  })
  app.post('/request/:way/:id', { onSend, config: { db: { transaction: true } } }, async (request, reply) => {
    await misbehave(request, reply, request.db)
    if (wayOf(request) === 'nested') await request.db.tx((tx) => tx.exec(add(0))).catch(() => undefined)
    return answer(wayOf(request), reply)
  })
  return app
}

/** What a client saw of a request: its status when the whole reply came, else nothing. */
async function send(port: number, { way, id, route }: Case): Promise<number | undefined> {
  const client = httpRequest({ port, host: '127.0.0.1', path: `/${route}/${way}/${id}`, method: 'POST' })
  return new Promise((resolve) => {
    let responded = false
    client.on('error', () => resolve(undefined))
    client.on('response', (response) => {
      responded = true
      response.resume()
      response.on('close', () => resolve(response.complete ? response.statusCode : undefined))
      response.on('error', () => resolve(undefined))
    })
    client.on('close', () => {
      if (!responded) resolve(undefined)
    })
    client.end()
  })
}

/** Sends `count` requests, and checks that nothing of those that failed stayed, all of those that did not, and no connection. */
export async function unleash(
  app: FastifyInstance,
  database: TestDatabase,
  count: number,
  seed: number,
): Promise<void> {
  await database.admin(`truncate things; truncate later; insert into things (id) values (0)`)
  const next = random(seed)
  const cases = Array.from({ length: count }, (_, index): Case => {
    const way = WAYS[Math.floor(next() * WAYS.length)] ?? 'good'
    return { way, id: index + 1, route: next() < 0.5 ? 'tx' : 'request' }
  })
  const { port } = app.server.address() as AddressInfo
  const seen = new Map<number, number | undefined>()
  const queue = cases[Symbol.iterator]()
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      for (const one of queue) seen.set(one.id, await send(port, one))
    }),
  )
  await vi.waitFor(() => expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0 }), {
    timeout: 30_000,
  })
  const stayed = new Set((await database.admin('select id from things where id > 0')).map(({ id }) => id))
  const wrong = cases.filter(({ id, route, way }) => {
    const status = seen.get(id)
    const succeeded = status !== undefined && status >= 200 && status < 300
    if (succeeded) return !stayed.has(id)
    // A reply that is cut off after its first byte was begun with 200, and what it says is done. And what has a
    // transaction of its own has committed before its reply.
    const wasBegun = status === undefined && way === 'streamFails'
    return route === 'request' && stayed.has(id) && !wasBegun
  })
  expect(wrong).toEqual([])
  const failed = cases.filter(({ way }) =>
    ['throw', 'swallow', 'kill', 'commitFails', 'hijack', 'hijackNever'].includes(way),
  )
  const kept = failed.filter(
    ({ way, route, id }) => stayed.has(id) && (route === 'request' || !way.startsWith('hijack')),
  )
  expect(kept).toEqual([])
  expect(await database.admin('select id from later')).toEqual([])
  expect(app.db.status.write.open).toBeLessThanOrEqual(4)
  const idle = "select pid from pg_stat_activity where state like 'idle in transaction%'"
  await vi.waitFor(async () => expect(await database.admin(idle)).toEqual([]), { timeout: 10_000 })
}
