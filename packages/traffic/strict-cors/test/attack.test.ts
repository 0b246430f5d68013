import Fastify from 'fastify'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { strictCors } from '../src/index.ts'
import { APP, appWith, corsOf, EVIL, preflight } from './app.ts'

/** Sends bytes over a socket of their own. */
async function exchange(port: number, lines: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.end(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

describe('an attacker', () => {
  it('gets no WebSocket, whatever is enforced', async () => {
    for (const enforce of ['reject', 'headers'] as const) {
      const app = appWith({ origins: [APP], enforce })
      app.get('/socket', () => 'open')
      const open = (origin: string) =>
        app.inject({ url: '/socket', headers: { origin, connection: 'upgrade', upgrade: 'websocket' } })
      expect((await open(EVIL)).json()).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' })
      expect((await open('null')).statusCode).toBe(403)
      expect((await open(APP)).statusCode).toBe(200)
    }
  })

  it('gains nothing by two Origin headers, an absolute URL, or a preflight without an answer to it', async () => {
    const app = appWith({ origins: [APP] })
    app.post('/x', () => 'ok')
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    try {
      const two = await exchange(Number(port), [
        'POST /x HTTP/1.1',
        'Host: api.example.com',
        'Content-Length: 0',
        `Origin: ${APP}`,
        `Origin: ${EVIL}`,
      ])
      expect(two).not.toMatch(/access-control-allow/i)
      const absolute = [
        'OPTIONS http://api.example.com/x HTTP/1.1',
        'Host: api.example.com',
        'Access-Control-Request-Method: POST',
      ]
      expect(await exchange(Number(port), [...absolute, `Origin: ${EVIL}`])).toMatch(/^HTTP\/1.1 403/)
      expect(await exchange(Number(port), [...absolute, `Origin: ${APP}`])).toMatch(/^HTTP\/1.1 204/)
      for (const target of ['*', '//', '/%', '/%2fx', 'x']) {
        const answer = await exchange(Number(port), [
          `OPTIONS ${target} HTTP/1.1`,
          'Host: a',
          `Origin: ${APP}`,
          'Access-Control-Request-Method: POST',
        ])
        expect(answer).toMatch(/^HTTP\/1.1 40[04]/)
      }
    } finally {
      await app.close()
    }
  })

  it('keeps nothing busy with long headers', async () => {
    const app = appWith({ origins: [APP, 'https://*.example.com'] })
    app.post('/x', () => 'ok')
    await app.ready()
    const long = [
      `https://${'a.'.repeat(4_000)}example.com`,
      `https://${'.'.repeat(8_000)}example.com`,
      `https://${'a'.repeat(8_000)}.example.com`,
      `${APP}${':'.repeat(8_000)}`,
    ]
    const names = { 'access-control-request-headers': 'content-type,'.repeat(1_000) }
    const started = performance.now()
    for (let run = 0; run < 50; run++) {
      for (const origin of long)
        expect((await preflight(app, '/x', 'POST', origin, names)).statusCode).toBe(403)
    }
    // 200 requests; the bound is wide, since machines are busy.
    expect(performance.now() - started).toBeLessThan(5_000)
    expect((await preflight(app, '/x', 'POST', APP, names)).statusCode).toBe(204)
  })

  it('finds no way round between scopes without prefixes, which have policies of their own', async () => {
    const app = Fastify()
    for (const [name, origin] of [
      ['a', APP],
      ['b', EVIL],
    ] as const) {
      app.register(async (scope) => {
        scope.register(strictCors, { origins: [origin] })
        scope.get(`/${name}`, () => name)
      })
    }
    app.get('/free', () => 'no gate')
    for (const [url, origin, status] of [
      ['/a', APP, 204],
      ['/a', EVIL, 403],
      ['/b', EVIL, 204],
      ['/b', APP, 403],
      ['/free', APP, 404],
    ] as const) {
      expect([url, (await preflight(app, url, 'GET', origin)).statusCode]).toEqual([url, status])
    }
    expect(corsOf(await app.inject({ url: '/free', headers: { origin: APP } }))).toEqual({})
  })

  it('does not hear the list, whatever is refused', async () => {
    const app = appWith({ origins: [APP], credentials: true })
    app.post('/x', () => 'ok')
    const replies = [
      await preflight(app, '/x', 'POST', EVIL),
      await app.inject({ method: 'POST', url: '/x', headers: { origin: EVIL } }),
    ]
    for (const reply of replies)
      expect(JSON.stringify([reply.headers, reply.body])).not.toContain('example.com')
  })

  it('a hijacked reply can take the headers over', async () => {
    const app = appWith({ origins: [APP] })
    app.get('/x', (_request, reply) => {
      const headers = reply.getHeaders()
      reply.hijack()
      reply.raw.writeHead(200, headers as Record<string, string>).end('raw')
    })
    const reply = await app.inject({ url: '/x', headers: { origin: APP } })
    expect([reply.body, reply.headers['access-control-allow-origin']]).toEqual(['raw', APP])
  })
})
