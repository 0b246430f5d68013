import Fastify from 'fastify'
import type { FastifyInstance, HTTPMethods, LightMyRequestResponse } from 'fastify'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { strictCors } from '../src/index.ts'
import { asksFirst, passesCorsCheck, passesPreflight, readable, unsafeNames } from './fetch-standard.ts'
import type { Answer, PageRequest } from './fetch-standard.ts'
import { property } from './property.ts'

interface Policy {
  readonly origins: readonly string[]
  readonly credentials: boolean
  readonly methods: readonly string[]
  readonly allowedHeaders: readonly string[]
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const HEADERS = ['content-type', 'authorization', 'x-request-id', 'x-other', 'accept', 'range']
const HOSTS = [
  'example.com',
  'app.example.com',
  'a.b.example.com',
  'example.org',
  'app.example.com.evil.test',
  'evilexample.com',
]
const PORTS = ['', ':8443', ':3000']

const host = fc.oneof(
  fc.constantFrom(...HOSTS),
  fc
    .tuple(fc.stringMatching(/^[a-w][a-z0-9-]{0,8}$/), fc.constantFrom(...HOSTS))
    .map(([label, base]) => `${label}.${base}`),
)
const originOf = (scheme: fc.Arbitrary<string>) =>
  fc.tuple(scheme, host, fc.constantFrom(...PORTS)).map((parts) => parts.join(''))
const listed = fc.oneof(
  originOf(fc.constant('https://')),
  fc
    .tuple(fc.constantFrom('example.com', 'b.example.com', 'example.org'), fc.constantFrom(...PORTS))
    .map(([base, port]) => `https://*.${base}${port}`),
)
const policies: fc.Arbitrary<Policy> = fc.record({
  origins: fc.array(listed, { minLength: 1, maxLength: 4 }),
  credentials: fc.boolean(),
  methods: fc.subarray([...METHODS], { minLength: 1 }),
  allowedHeaders: fc.subarray(HEADERS.map((name) => name.toUpperCase())),
})

const strange = fc.constantFrom(
  'null',
  'file://',
  'https://evil.test?.example.com',
  'https://evil.test/.example.com',
  'https://evil.test#.example.com',
  'https://a@b.example.com',
  'https://.example.com',
  'https://a..example.com',
  'https://*.example.com',
  'https://APP.example.com',
  'https://app.example.com.',
  'https://app.example.com:443',
)
const requestsFor = ({ origins }: Policy): fc.Arbitrary<PageRequest> =>
  fc.record({
    origin: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...origins.map((one) => one.replace('*', 'sub'))) },
      { weight: 2, arbitrary: fc.constantFrom(...origins.map((one) => one.replace('*.', ''))) },
      { weight: 3, arbitrary: originOf(fc.constantFrom('https://', 'http://')) },
      { weight: 1, arbitrary: strange },
    ),
    method: fc.constantFrom(...METHODS),
    headers: fc.subarray(HEADERS),
    credentials: fc.boolean(),
  })

/** What the options say in words: an origin is listed, or its host ends with what follows the star. Naive on purpose. */
function means({ origins }: Policy, origin: string): boolean {
  return origins.some((one) => {
    if (!one.includes('*')) return one === origin
    const [before = '', after = ''] = one.split('*')
    if (!origin.startsWith(before) || !origin.endsWith(after)) return false
    const middle = origin.slice(before.length, origin.length - after.length)
    return origin.length > before.length + after.length && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(middle)
  })
}

function intended(policy: Policy, request: PageRequest): boolean {
  const methods = policy.methods.includes('GET') ? [...policy.methods, 'HEAD'] : policy.methods
  const names = policy.allowedHeaders.map((name) => name.toLowerCase())
  return (
    means(policy, request.origin) &&
    (!request.credentials || policy.credentials) &&
    methods.includes(request.method) &&
    unsafeNames(request).every((name) => names.includes(name))
  )
}

const POLICIES_IN_AN_APP = 20

/** One app for many policies: each has a route, and a preflight has to find it. */
async function serve(all: readonly Policy[]): Promise<{ app: FastifyInstance; ran: Set<string> }> {
  const app = Fastify()
  const ran = new Set<string>()
  void app.register(strictCors)
  for (const [index, policy] of all.entries()) {
    app.route({
      method: [...METHODS] as HTTPMethods[],
      url: `/p${index}/:id`,
      config: { strictCors: policy },
      handler(request) {
        ran.add(String(request.headers['x-number']))
        return 'ok'
      },
    })
  }
  await app.ready()
  return { app, ran }
}

const seen = ({ statusCode, headers }: LightMyRequestResponse): Answer => ({
  status: statusCode,
  headers: headers as Answer['headers'],
})

/** What a browser makes of it: whether it sends the request, and whether the page reads the answer. */
async function browse(app: FastifyInstance, url: string, request: PageRequest, number: string) {
  const { origin, method } = request
  if (asksFirst(request)) {
    const names = unsafeNames(request)
    const reply = await app.inject({
      method: 'OPTIONS',
      url,
      headers: {
        origin,
        'access-control-request-method': method,
        ...(names.length > 0 ? { 'access-control-request-headers': names.join(',') } : {}),
      },
    })
    expect(reply.headers['vary']).toContain('Origin')
    if (!passesPreflight(request, seen(reply))) return { sent: false, read: false, reply }
  }
  const reply = await app.inject({
    method: method as 'GET',
    url,
    headers: { origin, 'sec-fetch-site': 'cross-site', 'x-number': number },
  })
  expect(reply.headers['vary']).toContain('Origin')
  return { sent: true, read: passesCorsCheck(request, seen(reply)), reply }
}

/** Requests of each policy. With 100 apps of 20 policies and 2 requests each, 4,000 pairs. */
const REQUESTS = 2
const APPS = 100

describe('what a browser makes of the answers, after the Fetch standard', () => {
  it('is what the policy says: no false grant, no false refusal', { timeout: 1_800_000 }, async () => {
    const group = fc.array(
      policies.chain((policy) =>
        fc.tuple(
          fc.constant(policy),
          fc.array(requestsFor(policy), { minLength: REQUESTS, maxLength: REQUESTS }),
        ),
      ),
      { minLength: POLICIES_IN_AN_APP, maxLength: POLICIES_IN_AN_APP },
    )
    let pairs = 0
    let granted = 0
    await fc.assert(
      fc.asyncProperty(group, async (cases) => {
        const { app, ran } = await serve(cases.map(([policy]) => policy))
        try {
          for (const [index, [policy, requests]] of cases.entries()) {
            for (const [at, request] of requests.entries()) {
              const number = `${index}-${at}`
              const { sent, read, reply } = await browse(app, `/p${index}/7`, request, number)
              const expected = intended(policy, request)
              expect({ policy, request, read }).toEqual({ policy, request, read: expected })
              // A page that may not change anything changes nothing, whether the browser asked first or not.
              const unsafe = !['GET', 'HEAD'].includes(request.method)
              const mayRun = means(policy, request.origin) && policy.methods.includes(request.method)
              if (unsafe) expect(ran.has(number)).toBe(sent && mayRun)
              if (!read && reply.headers['access-control-allow-origin'] === undefined) {
                expect(reply.headers['access-control-allow-credentials']).toBeUndefined()
                expect(readable(request, seen(reply))).toEqual([])
              }
              if (read) expect(readable(request, seen(reply))).toContain('ratelimit')
              pairs++
              if (expected) granted++
            }
          }
        } finally {
          await app.close()
        }
      }),
      property(APPS, 2_500),
    )
    // Neither half is empty.
    expect(pairs).toBeGreaterThanOrEqual(2_000)
    expect(granted).toBeGreaterThan(pairs / 50)
    console.log(`${pairs} pairs, ${granted} granted`)
  })
})
