import Fastify from 'fastify'
import type { InjectOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { isCrossSite, isUnsafe } from '../../src/index.ts'

const trusted = (origin: string): boolean => origin === 'https://app.example.com'

async function judged(request: InjectOptions, trustProxy = false): Promise<unknown> {
  const app = Fastify({ trustProxy: trustProxy ? '127.0.0.1' : false })
  app.all('/', (one) => [isUnsafe(one), isCrossSite(one, trusted)])
  const reply = await app.inject({
    url: '/',
    ...request,
    headers: { host: 'api.example.com', ...request.headers },
  })
  await app.close()
  return reply.json()
}

const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }

describe('a request', () => {
  it.each(['GET', 'OPTIONS'] as const)(
    'of %s changes nothing, unless it opens a WebSocket',
    async (method) => {
      expect(await judged({ method, headers: evil })).toEqual([false, false])
      expect(await judged({ method, headers: { ...evil, upgrade: 'websocket' } })).toEqual([true, true])
    },
  )

  const cases: [Record<string, string>, boolean][] = [
    [{}, false],
    [evil, true],
    [{ origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, false],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ 'sec-fetch-site': 'same-site' }, true],
    [{ 'sec-fetch-site': 'cross-site' }, true],
    [{ origin: 'https://api.example.com' }, false],
    [{ origin: 'http://api.example.com' }, false],
    [{ origin: 'https://api.example.com:8443' }, true],
    [{ origin: 'null' }, true],
  ]
  it.each(cases)('with %j is of another site: %s', async (headers, expected) => {
    for (const method of ['POST', 'DELETE'] as const) {
      expect(await judged({ method, headers })).toEqual([true, expected])
    }
  })

  it('that came over TLS is no page’s that came over http', async () => {
    const over = { method: 'POST', remoteAddress: '127.0.0.1' } as const
    const from = (origin: string) =>
      judged({ ...over, headers: { origin, 'x-forwarded-proto': 'https' } }, true)
    expect(await from('https://api.example.com')).toEqual([true, false])
    expect(await from('http://api.example.com')).toEqual([true, true])
  })
})
