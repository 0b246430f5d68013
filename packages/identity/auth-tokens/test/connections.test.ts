import { EventEmitter, once } from 'node:events'
import { get } from 'node:http'
import { connect } from 'node:http2'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { Connections } from '../src/connections.ts'
import { RevocationList } from '../src/core/revocation-list.ts'
import { authTokens } from '../src/index.ts'
import type { AccessClaims, AuthTokensOptions } from '../src/index.ts'
import { RevocationFollower } from '../src/revocation/follower.ts'
import { MemoryStore } from '../src/stores/memory-store.ts'
import { bearer, optionsWith } from './app.ts'

let app: FastifyInstance
let port: number
const slow = new EventEmitter()

async function listen(more: Partial<AuthTokensOptions> = {}): Promise<void> {
  app = Fastify()
  app.register(authTokens, optionsWith(more))
  await app.register(websocket)
  app.get('/socket', { websocket: true }, (socket) => {
    socket.on('message', (data) => socket.send(data))
  })
  app.get('/events', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => reply.raw.write('data: x\n\n'), 20)
    reply.raw.on('close', () => clearInterval(timer))
  })
  app.get('/slow', async () => {
    slow.emit('begun')
    await delay(200)
    return 'done'
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as AddressInfo).port
}
beforeEach(() => listen())
afterEach(() => app.close())

function open(token: string): Promise<{ socket: WebSocket; closed: Promise<number> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: bearer(token) })
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve({ socket, closed })).on('error', reject)
  })
}

function stream(token: string): Promise<{ response: IncomingMessage; closed: Promise<void> }> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/events', headers: bearer(token) }, (response) => {
      const closed = new Promise<void>((over) => response.on('close', over))
      response.on('error', () => undefined).resume()
      resolve({ response, closed })
    }).on('error', reject)
  })
}

const frame = { iss: 'https://auth.example.com', aud: 'api', sub: 'ada', iat: 1, exp: 4_000_000_000 }

const within = async (milliseconds: number, work: Promise<unknown>): Promise<boolean> =>
  Promise.race([work.then(() => true), delay(milliseconds, false)])

describe('what is open', () => {
  it('ends within a second of the revocation of its token, and nothing else does', async () => {
    const ada = await app.tokens.issue({ subject: 'ada' })
    const bob = await app.tokens.issue({ subject: 'bob' })
    const [adaSocket, bobSocket] = [await open(ada.access_token), await open(bob.access_token)]
    const [adaStream, bobStream] = [await stream(ada.access_token), await stream(bob.access_token)]
    await app.tokens.revokeAll('ada')
    expect(await within(1_000, Promise.all([adaSocket.closed, adaStream.closed]))).toBe(true)
    expect(await adaSocket.closed).toBe(4401)
    expect(await within(300, Promise.race([bobSocket.closed, bobStream.closed]))).toBe(false)
    bobSocket.socket.terminate()
    bobStream.response.destroy()
  })

  it('lets an ordinary answer finish, such as the one to the request that signs out', async () => {
    const { access_token: token } = await app.tokens.issue({ subject: 'ada' })
    const begun = once(slow, 'begun')
    const answer = fetch(`http://127.0.0.1:${port}/slow`, { headers: bearer(token) })
    await begun
    await app.tokens.revokeAll('ada')
    expect(await (await answer).text()).toBe('done')
  })

  it('of a WebSocket ends when the token expires', async () => {
    await app.close()
    await listen({ accessTtl: '2s', clockTolerance: 0 })
    const { access_token: token } = await app.tokens.issue({ subject: 'ada' })
    const { closed } = await open(token)
    expect(await within(4_000, closed)).toBe(true)
    expect(await closed).toBe(4401)
  })

  it('is not opened with a revoked token', async () => {
    const { access_token: token } = await app.tokens.issue({ subject: 'ada' })
    await app.tokens.revokeAll('ada')
    await expect(open(token)).rejects.toThrow('401')
  })

  it('over HTTP/2 ends by itself: other requests of the connection go on', async () => {
    const served = Fastify({ http2: true })
    served.register(authTokens, optionsWith())
    served.get('/events', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200).write('data: x\n\n')
    })
    await served.listen({ port: 0, host: '127.0.0.1' })
    const session = connect(`http://127.0.0.1:${(served.server.address() as AddressInfo).port}`)
    const ask = async (subject: string): Promise<void> => {
      const { access_token: token } = await served.tokens.issue({ subject })
      const request = session.request({ ':path': '/events', ...bearer(token) })
      request.on('error', () => undefined).resume()
      await new Promise((begun) => request.on('response', begun))
      closed.set(subject, new Promise((over) => request.on('close', over)))
    }
    const closed = new Map<string, Promise<void>>()
    await ask('ada')
    await ask('bob')
    await served.tokens.revokeAll('ada')
    expect(await within(1_000, closed.get('ada') ?? Promise.reject(new Error('not asked')))).toBe(true)
    expect(await within(300, closed.get('bob') ?? Promise.resolve())).toBe(false)
    session.destroy()
    await served.close()
  })

  it('ends where its token was revoked before anybody followed it', async () => {
    await app.close()
    app = Fastify()
    // Somebody asks first, and then takes their time.
    app.addHook('onRequest', async (request) => {
      await request.resolvePrincipal()
      await delay(200)
    })
    app.register(authTokens, optionsWith())
    app.get('/events', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200).write('data: x\n\n')
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    port = (app.server.address() as AddressInfo).port
    const { access_token: token } = await app.tokens.issue({ subject: 'ada' })
    const claims = await app.tokens.verify(token)
    const opening = stream(token)
    await delay(50)
    await app.tokens.revokeAll('ada')
    const late = new Promise<void>((end) => app.tokens.whenEnded(claims, end))
    expect(await within(1_000, late)).toBe(true)
    expect(await within(1_000, (await opening).closed)).toBe(true)
  })

  it('is forgotten when it ends by itself', async () => {
    const { access_token: token } = await app.tokens.issue({ subject: 'ada' })
    let ended = 0
    const forget = app.tokens.whenEnded(await app.tokens.verify(token), () => ended++)
    app.tokens.whenEnded(await app.tokens.verify(token), () => (ended += 10))
    forget()
    await app.tokens.revokeAll('ada')
    await expect.poll(() => ended, { timeout: 1_000 }).toBe(10)
  })

  it('is looked through once, however many revocations come at once, and each ends by itself', async () => {
    const list = new RevocationList()
    const connections = new Connections(list)
    const claims = (sid: string): AccessClaims => ({ ...frame, sid, jti: `token of ${sid}` })
    const ended: string[] = []
    let looks = 0
    vi.spyOn(list, 'covers').mockImplementation(({ sid }) => {
      looks++
      return sid === 'one' || sid === 'two'
    })
    vi.useFakeTimers()
    for (const sid of ['one', 'two', 'three'])
      connections.watch(claims(sid), () => {
        ended.push(sid)
        if (sid === 'one') throw new Error('cannot end')
      })
    looks = 0
    for (let index = 0; index < 1_000; index++) connections.revoked()
    expect(() => vi.advanceTimersByTime(500)).toThrow('cannot end')
    vi.advanceTimersByTime(500)
    vi.useRealTimers()
    expect([looks <= 3, ended]).toEqual([true, ['one', 'two']])
  })
})

describe('what is revoked', () => {
  afterEach(() => vi.useRealTimers())

  it('is forgotten once no token can be concerned, also where one process is all there is', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const [store, list] = [new MemoryStore(), new RevocationList()]
    const follower = new RevocationFollower(store, list, () => undefined)
    await follower.start()
    for (let index = 0; index < 1_000; index++)
      follower.add(await store.revoke('session', `session ${index}`, 60_000))
    expect(list.size).toBe(1_000)
    vi.advanceTimersByTime(300_000)
    follower.add(await store.revoke('session', 'last', 60_000))
    expect(list.size).toBe(1)
    await follower.stop()
  })
})
