import kernel from '@portcullis/kernel'
import piiMasking from '@portcullis/pii-masking'
import type { PiiMaskingOptions } from '@portcullis/pii-masking'
import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'

const SSN = '123-45-6789'
const EMAIL = 'ada.lovelace@example.com'
const NAME = 'Zoë "Ziggy" Quandt'
const LEAK = /123-?45-?6789|ada\.lovelace|Ada\.Love|Quandt/
const classify = { 'User.email': 'EMAIL_ADDRESS', 'User.fullName': 'PERSON_NAME' }
const properties = {
  email: { type: 'string', format: 'email' },
  fullName: { type: 'string', maxLength: 3 },
  ssn: { type: 'integer' },
  kind: { enum: ['a', 'b'] },
}
const body = { type: 'object', properties, additionalProperties: false }

let app: FastifyInstance | undefined
afterEach(() => app?.close())

function serve(fastify: object = {}, options: PiiMaskingOptions = { classify }): FastifyInstance {
  const one = Fastify(fastify)
  app = one
  void one.register(kernel, {
    environment: 'development',
    identify: ({ headers: { role } }) => (typeof role === 'string' ? { id: '1', roles: [role] } : null),
  })
  void one.register(piiMasking, options)
  return one
}

const verbose = {
  ajv: { customOptions: { verbose: true, allErrors: true, removeAdditional: false, coerceTypes: false } },
}
const sent = { email: EMAIL.toUpperCase(), fullName: NAME, ssn: SSN, kind: EMAIL }
const post = (one: FastifyInstance, payload: object = sent, more: InjectOptions = {}) =>
  one.inject({ method: 'POST', url: '/', payload, ...more })

describe('a refused request is not told what it sent', () => {
  it("by the validator's own words, with the path kept", async () => {
    const one = serve(verbose)
    one.post('/', { schema: { body } }, () => 'ok')
    const answer = await post(one)
    expect(answer.statusCode).toBe(400)
    expect(answer.body).not.toMatch(LEAK)
    expect(answer.body).toContain('body/ssn must be integer')
  })

  it('by a formatter of the app that says the values', async () => {
    const one = serve({
      ...verbose,
      schemaErrorFormatter: (errors: { instancePath: string; data?: unknown }[]) =>
        new Error(errors.map(({ instancePath, data }) => `${instancePath}: ${String(data)}`).join()),
    })
    one.post('/', { schema: { body } }, () => 'ok')
    const answer = await post(one)
    expect(answer.body).toContain('/fullName: ')
    expect(answer.body).not.toMatch(LEAK)
  })

  it('by an error handler that answers the details of the validation', async () => {
    const one = serve(verbose)
    one.setErrorHandler((error, request, reply) =>
      reply.code(422).send({ issues: (error as { validation?: unknown }).validation, body: request.body }),
    )
    one.post('/', { schema: { body } }, () => 'ok')
    const answer = await post(one)
    expect(answer.statusCode).toBe(422)
    expect(answer.body).toContain('"instancePath":"/fullName"')
    expect(answer.body).not.toMatch(LEAK)
  })

  it.each<[string, (given: string) => string]>([
    ['as it is', (given) => given],
    ['in JSON', (given) => JSON.stringify({ given })],
    ['in a URL', (given) => `see /users?name=${encodeURIComponent(given)}`],
  ])('by an error of the app that says it %s', async (_name, say) => {
    const one = serve()
    one.post<{ Body: typeof sent }>('/', async ({ body: given }) => {
      throw new Error(`no such user: ${say(given.fullName)}; ${EMAIL} is taken`)
    })
    const answer = await post(one)
    expect([answer.statusCode, answer.body.includes('no such user')]).toEqual([500, true])
    expect(answer.body).not.toMatch(LEAK)
  })

  it('by a plain text, a page, or a page that is not there', async () => {
    const one = serve()
    one.post('/', (_request, reply) => reply.code(409).type('text/html').send(`<p>${EMAIL}: ${NAME}</p>`))
    const page = await post(one)
    expect(page.body).toMatch(/^<p>a\*\*\*@example\.com: .*<\/p>$/)
    expect(page.body).not.toMatch(LEAK)
    expect(Number(page.headers['content-length'])).toBe(Buffer.byteLength(page.body))
    const missing = await one.inject({ url: `/nowhere?full_name=${encodeURIComponent(NAME)}&ssn=${SSN}` })
    expect(missing.statusCode).toBe(404)
    expect(missing.body).not.toMatch(LEAK)
  })

  it('what only the schema of the request classifies', async () => {
    const one = serve({ ajv: { customOptions: { keywords: ['x-data-classification'] } } })
    const nick = { type: 'string', 'x-data-classification': 'PERSON_NAME' }
    const schema = { body: { type: 'object', properties: { nick } } }
    one.post<{ Body: { nick: string } }>('/', { schema }, async (request) => {
      throw new Error(`${request.body.nick} is taken`)
    })
    const answer = await post(one, { nick: 'Quandt' })
    expect(answer.json<{ message: string }>().message).toBe('Q*** is taken')
  })

  it('numbers, and values that a path holds', async () => {
    const one = serve()
    one.get<{ Params: { ssn: string } }>('/by/:ssn', async ({ params }, reply) =>
      reply.code(404).send({ looked: Number(params.ssn), text: `nobody has ${params.ssn}` }),
    )
    expect((await one.inject('/by/123456789')).json()).toEqual({ looked: 0, text: 'nobody has ***-**-6789' })
  })
})

describe('what stays', () => {
  it('kinds that nobody classified, readers who may see it, and answers that are no error', async () => {
    const one = serve({}, { classify: { fullName: 'PERSON_NAME' } })
    one.post('/', () => Promise.reject(new Error('ask support@example.com')))
    one.get('/', () => ({ text: `write to ${SSN}` }))
    expect((await post(one)).body).toContain('ask support@example.com')
    expect((await one.inject('/')).json()).toEqual({ text: `write to ${SSN}` })
    await one.close()

    const policy = { EMAIL_ADDRESS: { admin: 'raw', '*': 'reject' } } as const
    const other = serve({}, { classify, policy })
    other.post('/', () => Promise.reject(new Error(`${EMAIL} is taken`)))
    expect((await post(other, {}, { headers: { role: 'admin' } })).body).toContain(EMAIL)
    const denied = await post(other, {}, { headers: { role: 'guest' } })
    expect([denied.statusCode, denied.json<{ message: string }>().message]).toEqual([500, '*** is taken'])
  })

  it('a flood of values and a long text take linear time', async () => {
    const one = serve({ bodyLimit: 10_000_000 })
    one.post('/', () => Promise.reject(new Error('a@4-'.repeat(100_000))))
    const users = Array.from({ length: 20_000 }, (_none, index) => ({ fullName: `a@4-${index}` }))
    const started = process.cpuUsage()
    expect((await post(one, users)).statusCode).toBe(500)
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1000).toBeLessThan(10_000)
  })
})
