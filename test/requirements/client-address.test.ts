import type { FastifyInstance, FastifyServerOptions, InjectOptions } from 'fastify'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { accept } from './acceptance.ts'
import { leftmostAddress } from './flawed/leftmost-address.ts'
import { get, limitedApp, repeated } from './limited-app.ts'

const honest = get('/free')
const policies = { perAddress: { quota: 3, window: '60s', partitionKey: 'address' } } as const

const appWith = (fastify: FastifyServerOptions) =>
  limitedApp({ options: { policies }, routes: { '/items': {} }, fastify })

/** One client that claims another address each time. */
const claims = (sent: number): Record<string, string> => {
  const address = `192.0.2.${sent}`
  return {
    'x-forwarded-for': `${address}, 192.0.2.254`,
    'x-real-ip': address,
    forwarded: `for=${address}`,
    'client-ip': address,
    'true-client-ip': address,
    'cf-connecting-ip': address,
  }
}

async function flood(
  app: FastifyInstance,
  times: number,
  requestOf: (sent: number) => InjectOptions,
): Promise<number[]> {
  const answers: number[] = []
  for (let sent = 1; sent <= times; sent++) answers.push((await app.inject(requestOf(sent))).statusCode)
  return answers
}

const threeOf = (times: number): number[] => [200, 200, 200, ...repeated(429, times - 3)]

describe('F30: the address of a client cannot be forged by a header', () => {
  it('the flawed pattern: who forges the leftmost entry is somebody else with every request', () => {
    const seen = Array.from({ length: 50 }, (_, sent) => leftmostAddress(claims(sent), '203.0.113.9'))
    expect(new Set(seen).size).toBe(50)
  })

  it('the flawed pattern has the same effect where an app trusts every proxy', async () => {
    const app = Fastify({ trustProxy: true })
    app.get('/', async ({ ip }) => ip)
    const answer = await app.inject({ url: '/', headers: claims(7), remoteAddress: '203.0.113.9' })
    expect(answer.body).toBe('192.0.2.7')
    await app.close()
  })

  accept('without a trusted proxy no header counts', {
    build: appWith({}),
    honest,
    async assert(app) {
      const forging = (sent: number): InjectOptions => ({
        ...get('/items', { address: '203.0.113.9' }),
        headers: claims(sent),
      })
      expect(await flood(app, 20, forging)).toEqual(threeOf(20))
    },
  })

  const proxies: [string, NonNullable<FastifyServerOptions['trustProxy']>][] = [
    ['a subnet', '10.0.0.0/8'],
    ['a list', ['10.0.0.1', '10.0.0.2']],
    ['a function', (address) => address === '10.0.0.1'],
  ]
  for (const [kind, trustProxy] of proxies) {
    accept(`behind a proxy, trusted by ${kind}, what it appends counts, and nothing before it`, {
      build: appWith({ trustProxy }),
      honest,
      async assert(app) {
        const through = (client: string) => (sent: number) => ({
          ...get('/items', { address: '10.0.0.1' }),
          headers: { ...claims(sent), 'x-forwarded-for': `192.0.2.${sent}, ${client}` },
        })
        expect(await flood(app, 20, through('203.0.113.9'))).toEqual(threeOf(20))
        expect(await flood(app, 4, through('203.0.113.10'))).toEqual(threeOf(4))
      },
    })
  }

  accept('a proxy that is not trusted is a client', {
    build: appWith({ trustProxy: '10.0.0.0/8' }),
    honest,
    async assert(app) {
      const direct = (sent: number): InjectOptions => ({
        ...get('/items', { address: '203.0.113.77' }),
        headers: claims(sent),
      })
      expect(await flood(app, 20, direct)).toEqual(threeOf(20))
    },
  })

  accept('the addresses of one IPv6 subnet are one client, and so are the spellings of one address', {
    build: appWith({}),
    honest,
    async assert(app) {
      const from = (address: (sent: number) => string) => (sent: number) =>
        get('/items', { address: address(sent) })
      expect(
        await flood(
          app,
          20,
          from((sent) => `2001:db8:1:1::${sent.toString(16)}`),
        ),
      ).toEqual(threeOf(20))
      const spellings = ['203.0.113.20', '::ffff:203.0.113.20', '::ffff:cb00:7114', '203.0.113.20']
      expect(
        await flood(
          app,
          4,
          from((sent) => spellings[sent - 1] ?? ''),
        ),
      ).toEqual(threeOf(4))
    },
  })

  accept('over a real socket', {
    build: appWith({}),
    honest,
    async assert(app) {
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      const answers: number[] = []
      for (let sent = 1; sent <= 6; sent++) {
        const answer = await fetch(`${url}/items`, { headers: claims(sent) })
        answers.push(answer.status)
      }
      expect(answers).toEqual(threeOf(6))
    },
  })
})
