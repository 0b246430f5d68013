import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { authTokens } from '../src/index.ts'
import type { AuthTokensOptions } from '../src/index.ts'
import { bearer, optionsWith } from './app.ts'

let app: FastifyInstance
let port: number

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
    const answer = fetch(`http://127.0.0.1:${port}/slow`, { headers: bearer(token) })
    await delay(50)
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

  it('is forgotten when it ends by itself', async () => {
    const { access_token: token } = await app.tokens.issue({ subject: 'ada' })
    let ended = 0
    const forget = app.tokens.whenEnded(await app.tokens.verify(token), () => ended++)
    app.tokens.whenEnded(await app.tokens.verify(token), () => (ended += 10))
    forget()
    await app.tokens.revokeAll('ada')
    await expect.poll(() => ended, { timeout: 1_000 }).toBe(10)
  })
})
