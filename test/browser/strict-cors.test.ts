import { EventEmitter, once } from 'node:events'
import websocket from '@fastify/websocket'
import { strictCors } from '@portcullis/strict-cors'
import { userRateLimit } from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'

/**
 * What a page tries. Each answers what the page could read, or how the browser refused.
 * The page is served twice, so that one script runs in a listed origin and in a foreign one.
 */
function script(api: string): string {
  return `
    const api = ${JSON.stringify(api)}
    async function read(path, init) {
      try {
        const reply = await fetch(api + path, init)
        return { status: reply.status, type: reply.type, body: await reply.text(), headers: [...reply.headers.keys()] }
      } catch (error) { return { failed: error.name } }
    }
    const json = { 'content-type': 'application/json', authorization: 'Bearer a' }
    const socket = () => new Promise((resolve) => {
      const ws = new WebSocket(api.replace('http', 'ws') + '/socket')
      ws.onmessage = ({ data }) => { resolve(data); ws.close() }
      ws.onerror = () => resolve('refused')
    })
    async function run() {
      return {
        simple: await read('/simple'),
        preflight: await read('/change', { method: 'PUT', headers: json, body: '{}' }),
        otherMethod: await read('/change', { method: 'DELETE' }),
        otherHeader: await read('/simple', { headers: { 'x-other': '1' } }),
        credentials: await read('/cookie', { credentials: 'include' }),
        credentialsWhereNone: await read('/simple', { credentials: 'include' }),
        route: await read('/foreign', { headers: { authorization: 'Bearer a' } }),
        unknown: await read('/unknown', { headers: { authorization: 'Bearer a' } }),
        error: await read('/closed'),
        limited: await read('/limited').then(() => read('/limited')),
        blind: await read('/blind', { method: 'POST', mode: 'no-cors', body: 'a' }),
        socket: await socket(),
      }
    }
    run().catch((error) => ({ error: String(error) })).then(async (result) => {
      await fetch('/report', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ at: location.hostname, result }) })
      if (location.hostname === 'localhost') location.hostname = '127.0.0.1'
    })`
}

interface Read {
  readonly status?: number
  readonly type?: string
  readonly body?: string
  readonly headers?: readonly string[]
  readonly failed?: string
}

type Result = Readonly<Record<string, Read>> & { readonly socket: string }

let api: FastifyInstance
let pages: FastifyInstance
let chromium: Chromium
const results = new Map<string, Result>()
/** What handlers ran for, as method, path and the page's host. */
const ran: string[] = []

async function startPages(): Promise<number> {
  pages = Fastify()
  const reports = new EventEmitter()
  pages.get('/', (_request, reply) =>
    reply
      .header('set-cookie', 'a=b')
      .type('text/html')
      .send('<!doctype html><title>page</title><script src="/script.js"></script>'),
  )
  pages.get('/script.js', (_request, reply) => reply.type('text/javascript').send(script(apiUrl)))
  pages.post<{ Body: { at: string; result: Result } }>('/report', ({ body }) => {
    results.set(body.at, body.result)
    reports.emit(body.at)
    return {}
  })
  bothReported = Promise.all(['localhost', '127.0.0.1'].map((host) => once(reports, host)))
  return Number(new URL(await pages.listen({ host: '127.0.0.1', port: 0 })).port)
}

let apiUrl = ''
let bothReported: Promise<unknown>

async function startApi(page: string, foreign: string): Promise<void> {
  api = Fastify()
  api.register(strictCors, {
    origins: [page],
    methods: ['GET', 'POST', 'PUT'],
    mode: 'enforce',
  })
  api.register(userRateLimit, { policies: { all: { quota: 1_000, window: '1m' } } })
  api.register(websocket)
  api.addHook('preHandler', async ({ method, url, headers }) => {
    ran.push(`${method} ${url} ${headers.origin === page ? 'listed' : 'foreign'}`)
  })
  api.get('/simple', () => 'hello')
  api.put('/change', () => 'changed')
  api.delete('/change', () => 'deleted')
  api.post('/blind', () => 'changed')
  const credentials = { config: { strictCors: { credentials: true } } }
  api.get('/cookie', credentials, ({ headers }) => headers.cookie ?? 'no cookie')
  api.get('/foreign', { config: { strictCors: { origins: [foreign] } } }, () => 'for the other')
  api.get('/closed', (_request, reply) => reply.code(401).send('who are you?'))
  const few = { policies: { few: { quota: 1, window: '1m', partitionKey: 'address' } } } as const
  api.get('/limited', { config: { userRateLimit: few } }, () => 'one')
  api.register(async (scope) => {
    scope.get('/socket', { websocket: true }, (socket) => socket.send('open'))
  })
  apiUrl = `http://localhost:${new URL(await api.listen({ host: '127.0.0.1', port: 0 })).port}`
}

beforeAll(async () => {
  const port = await startPages()
  await startApi(`http://localhost:${port}`, `http://127.0.0.1:${port}`)
  // Cookies know no ports, so the page's host gives the API one.
  chromium = openChromium(`http://localhost:${port}/`)
  await bothReported
}, 120_000)
afterAll(async () => {
  await chromium?.close()
  await api?.close()
  await pages?.close()
})

const listed = (name: string): Read => results.get('localhost')?.[name] ?? {}
const foreign = (name: string): Read => results.get('127.0.0.1')?.[name] ?? {}

describe('Chromium, on a page of a listed origin', () => {
  it('reads an answer, and the headers that gates send', () => {
    expect(listed('simple')).toMatchObject({ status: 200, body: 'hello', type: 'cors' })
    expect(listed('simple').headers).toEqual(
      expect.arrayContaining(['ratelimit', 'ratelimit-policy', 'x-request-id']),
    )
  })

  it('asks first, and then sends what it may', () => {
    expect(listed('preflight')).toMatchObject({ status: 200, body: 'changed' })
    expect(ran).toContain('PUT /change listed')
  })

  it('does not send a method or a header that is not listed', () => {
    expect(listed('otherMethod')).toEqual({ failed: 'TypeError' })
    expect(listed('otherHeader')).toEqual({ failed: 'TypeError' })
    expect(ran).not.toContain('DELETE /change listed')
  })

  it('reads with credentials where the route has them, and nowhere else', () => {
    expect(listed('credentials')).toMatchObject({ status: 200, body: 'a=b' })
    expect(listed('credentialsWhereNone')).toEqual({ failed: 'TypeError' })
  })

  it('meets the policy of each route, and none where no route is', () => {
    expect(listed('route')).toEqual({ failed: 'TypeError' })
    expect(listed('unknown')).toEqual({ failed: 'TypeError' })
  })

  it('reads errors, and when to come again', () => {
    expect(listed('error')).toMatchObject({ status: 401, body: 'who are you?' })
    expect(listed('limited')).toMatchObject({ status: 429 })
    expect(listed('limited').headers).toContain('retry-after')
  })

  it('opens a WebSocket', () => {
    expect(listed('socket')).toBe('open')
  })
})

describe('Chromium, on a page of a foreign origin', () => {
  it('reads nothing, and nothing that changes anything runs', () => {
    for (const name of ['simple', 'preflight', 'otherMethod', 'credentials', 'error', 'limited']) {
      expect([name, foreign(name)]).toEqual([name, { failed: 'TypeError' }])
    }
    expect(foreign('blind')).toMatchObject({ type: 'opaque' })
    expect(listed('blind')).toMatchObject({ type: 'opaque' })
    expect(ran).toContain('POST /blind listed')
    expect(ran.filter((one) => /^(?:POST|PUT|DELETE) .* foreign$/.test(one))).toEqual([])
  })

  it('reads what one route grants it', () => {
    expect(foreign('route')).toMatchObject({ status: 200, body: 'for the other' })
  })

  it('opens no WebSocket', () => {
    expect(foreign('socket')).toBe('refused')
  })
})
