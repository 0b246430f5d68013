import { Readable } from 'node:stream'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { piiMasking } from '../src/index.ts'
import type { PiiMaskingOptions } from '../src/index.ts'

const SSN = '123-45-6789'
const MASKED = '***-**-6789'
const policy: PiiMaskingOptions['policy'] = {
  US_SOCIAL_SECURITY_NUMBER: { admin: 'raw', support: 'partial', '*': 'remove' },
}
const userSchema = {
  $id: 'User',
  type: 'object',
  properties: {
    id: { type: 'integer' },
    taxId: { type: 'string', 'x-data-classification': 'US_SOCIAL_SECURITY_NUMBER' },
    manager: { $ref: 'User#' },
    notes: { type: 'object', additionalProperties: true },
  },
}
const user = { id: 1, taxId: SSN, manager: { id: 2, taxId: SSN }, notes: { user_ssn: SSN } }

function serve(options: PiiMaskingOptions = { policy }): FastifyInstance {
  const app = Fastify()
  void app.register(kernel, {
    environment: 'development',
    identify: ({ headers: { role } }) =>
      typeof role === 'string' ? { id: 'somebody', roles: [role] } : null,
  })
  void app.register(piiMasking, options)
  app.addSchema(userSchema)
  return app
}

const as = (role: string | undefined, url: string) => ({ url, headers: role === undefined ? {} : { role } })

describe('answers with a response schema', () => {
  const withUsers = (response: object, answer: unknown = [user]) => {
    const app = serve()
    app.get('/', { schema: { response } }, async () => answer)
    return app
  }

  it('masks by role, through $ref, arrays and open parts', async () => {
    const app = withUsers({ 200: { type: 'array', items: { $ref: 'User#' } } })
    const [admin, support, stranger, nobody] = await Promise.all(
      ['admin', 'support', 'stranger', undefined].map(async (role) =>
        (await app.inject(as(role, '/'))).json(),
      ),
    )
    expect(admin).toEqual([user])
    const shown = { id: 1, taxId: MASKED, manager: { id: 2, taxId: MASKED }, notes: { user_ssn: MASKED } }
    expect(support).toEqual([shown])
    expect(stranger).toEqual([{ id: 1, manager: { id: 2 }, notes: {} }])
    expect(nobody).toEqual(stranger)
    await app.close()
  })

  it.each(['anyOf', 'oneOf', 'allOf'])('masks what any branch of %s classifies', async (key) => {
    const branch = (name: string) => ({ type: 'object', properties: { [name]: userSchema.properties.taxId } })
    const app = withUsers(
      { '2xx': { type: 'object', [key]: [branch('taxId'), branch('other')] } },
      { taxId: SSN, other: SSN },
    )
    expect((await app.inject(as('support', '/'))).body).not.toContain('123-45')
    await app.close()
  })

  it('reads members as the serializer does: getters of classes, toJSON', async () => {
    class Row {
      readonly id = 1
      get taxId(): string {
        return SSN
      }
    }
    const response = { 200: { type: 'array', items: { $ref: 'User#' } } }
    const app = withUsers(response, [new Row(), { toJSON: () => ({ id: 2, taxId: SSN }) }])
    expect((await app.inject(as('support', '/'))).json()).toEqual([
      { id: 1, taxId: MASKED },
      { id: 2, taxId: MASKED },
    ])
    await app.close()
  })

  it('finds the schema by content type, and masks members that it does not name', async () => {
    const schema = { type: 'object', additionalProperties: userSchema.properties.taxId }
    const app = withUsers({ 200: { content: { 'application/json': { schema } } } }, { any: SSN })
    expect((await app.inject(as('support', '/'))).json()).toEqual({ any: MASKED })
    await app.close()
  })

  it('ends where a value holds itself', async () => {
    const node = { type: 'object', properties: { id: {}, ssn: {}, a: { $ref: '#' }, b: { $ref: '#' } } }
    const value: Record<string, unknown> = { id: 1, ssn: SSN }
    value['a'] = value
    value['b'] = value
    const app = withUsers({ 200: node }, value)
    expect((await app.inject(as('support', '/'))).body).not.toContain('123-45')
    await app.close()
  })

  it('leaves a key named __proto__ a key', async () => {
    const app = withUsers({ 200: userSchema.properties.notes }, JSON.parse(`{"__proto__":{"ssn":"${SSN}"}}`))
    expect((await app.inject(as('support', '/'))).body).not.toContain('123-45')
    await app.close()
  })

  it('does not change what the handler answers', async () => {
    const shared = Object.freeze({ ...user })
    const app = withUsers({ 200: { $ref: 'User#' } }, shared)
    await app.inject(as('support', '/'))
    expect(shared).toEqual(user)
    await app.close()
  })

  it('does not boot with an info type that is unknown', async () => {
    const app = serve()
    const schema = {
      response: {
        200: { type: 'object', properties: { a: { type: 'string', 'x-data-classification': 'SSN' } } },
      },
    }
    app.get('/', { schema }, () => ({}))
    await expect(app.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION' })
  })

  it('refuses text and streams, which cannot be masked', async () => {
    for (const answer of [() => SSN, () => Buffer.from(SSN), () => Readable.from([SSN])]) {
      const app = serve()
      app.get('/', { schema: { response: { 200: { $ref: 'User#' } } } }, async (_request, reply) =>
        reply.type('text/plain').send(answer()),
      )
      const { statusCode, body } = await app.inject('/')
      expect([statusCode, body.includes('PII_EXIT_UNCLASSIFIED'), body.includes(SSN)]).toEqual([
        500,
        true,
        false,
      ])
      await app.close()
    }
  })
})

describe('answers without a response schema', () => {
  it.each([
    ['an object', () => ({ deep: [{ User_SSN: SSN }] })],
    ['JSON that the handler wrote', () => JSON.stringify({ deep: [{ userSsn: SSN }] })],
    ['JSON as bytes', () => Buffer.from(JSON.stringify({ deep: [{ userSsn: SSN }] }))],
  ])('masks %s by names', async (_name, answer) => {
    const app = serve()
    app.get('/', async (_request, reply) => reply.type('application/json; charset=utf-8').send(answer()))
    const { body, headers } = await app.inject(as('support', '/'))
    expect(body).toContain(MASKED)
    expect(body).not.toContain('123-45')
    expect(headers['content-length']).toBe(String(body.length))
    await app.close()
  })

  it('leaves JSON that holds nothing personal as it was written', async () => {
    const app = serve()
    const written = '{"id": 12345678901234567890}'
    app.get('/', (_request, reply) => reply.type('application/json').send(written))
    expect((await app.inject('/')).body).toBe(written)
    await app.close()
  })

  it('answers no more than JSON would', async () => {
    const app = serve()
    app.get('/', () => ({ map: new Map([['a', 1]]), error: new Error('inner detail') }))
    expect((await app.inject('/')).json()).toEqual({ map: {}, error: {} })
    await app.close()
  })

  it('masks what an error handler of the app answers', async () => {
    const app = serve()
    app.setErrorHandler((_error, _request, reply) => reply.status(400).send({ given: { ssn: SSN } }))
    app.get('/', () => Promise.reject(new Error('no')))
    expect((await app.inject(as('support', '/'))).body).not.toContain('123-45')
    await app.close()
  })
})

describe('what is told', () => {
  it('tells caches about answers by role, and only those', async () => {
    const app = serve({ policy, classify: { email: 'EMAIL_ADDRESS' } })
    app.get('/ssn', () => ({ ssn: SSN }))
    app.get('/email', () => ({ email: 'ada@example.com' }))
    expect((await app.inject(as('support', '/ssn'))).headers['cache-control']).toBe('private, no-store')
    expect((await app.inject(as('support', '/email'))).headers['cache-control']).toBeUndefined()
    await app.close()
  })

  it('publishes one event for a request in which a role was shown something, without its values', async () => {
    const app = serve({
      policy: { ...policy, EMAIL_ADDRESS: { admin: 'raw' }, PASSWORD: 'remove' },
      classify: { email: 'EMAIL_ADDRESS' },
    })
    const person = { ssn: SSN, user_ssn: SSN, email: 'ada@example.com', password: 'x' }
    app.get('/', () => Array.from({ length: 100 }, () => person))
    await app.ready()
    const events: SecurityEvent[] = []
    app.securityEvents.subscribe((event) => void events.push(event))
    await app.inject(as('support', '/'))
    expect(events).toEqual([])
    await app.inject(as('admin', '/'))
    const details = { fields: ['ssn', 'email'], infoTypes: ['EMAIL_ADDRESS', 'US_SOCIAL_SECURITY_NUMBER'] }
    expect(events).toMatchObject([{ type: 'pii.revealed', outcome: 'allowed', details }])
    expect(JSON.stringify(events)).not.toContain('123-45')
    await app.close()
  })
})

describe('decorators and strategies', () => {
  it('tells at the end of a request how much was masked and revealed', async () => {
    const app = serve({ policy: { ...policy, PASSWORD: 'null' } })
    app.get('/', () => [{ ssn: SSN, password: 'x' }, { ssn: SSN }, { ssn: null }])
    app.get('/off', { config: { piiMasking: false } }, () => ({ ssn: SSN }))
    const facts: object[] = []
    app.addHook('onResponse', async ({ pii: { masked, revealed, infoTypes } }) => {
      facts.push({ masked, revealed, infoTypes })
    })
    await app.inject(as('admin', '/'))
    await app.inject(as('support', '/'))
    await app.inject(as('admin', '/off'))
    const infoTypes = ['PASSWORD', 'US_SOCIAL_SECURITY_NUMBER']
    expect(facts).toEqual([
      { masked: 1, revealed: 2, infoTypes },
      { masked: 3, revealed: 0, infoTypes },
      { masked: 0, revealed: 0, infoTypes: [] },
    ])
    await app.close()
  })

  it('masks for nobody and for the reader', async () => {
    const app = serve()
    app.get('/', async (request) => {
      await request.resolvePrincipal()
      return { text: JSON.stringify([app.pii.mask({ ssn: SSN }), request.pii.mask({ ssn: SSN })]) }
    })
    expect((await app.inject(as('admin', '/'))).body).not.toContain(SSN)
    expect(app.pii.classified().map(({ coordinate }) => coordinate)).toContain('ssn')
    await app.close()
  })

  it('hashes with the key, the same value to the same text', async () => {
    const app = serve({ fallback: 'hash', hashKey: 'k'.repeat(32) })
    app.get('/', () => [{ ssn: SSN }, { ssn: SSN }, { ssn: '123-45-6780' }])
    const [a, b, c] = (await app.inject('/')).json<{ ssn: string }[]>()
    expect(a).toEqual(b)
    expect(a).not.toEqual(c)
    expect(a?.ssn).not.toContain('123')
    await app.close()
  })

  it('puts tokens in the place of values, which need the key and join what is written in two ways', async () => {
    const rule = { tokenize: 'tokenize', hash: 'hash' } as const
    const app = serve({ policy: { US_SOCIAL_SECURITY_NUMBER: rule }, hashKey: 'k'.repeat(32) })
    app.get('/', () => [{ ssn: SSN }, { ssn: '123456789' }, { ssn: '123-45-6780' }])
    const send = async (role: string) => (await app.inject(as(role, '/'))).json<{ ssn: string }[]>()
    const [a, b, c] = await send('tokenize')
    expect(a?.ssn).toMatch(/^tok_[\w-]{22}$/)
    expect(a).toEqual(b)
    expect(a).not.toEqual(c)
    // A token shows that two are the same where a hash does not, so whoever is not named gets the hash.
    expect(await send('nobody')).toEqual(await send('hash'))
    await app.close()
  })

  it('shows an identify that fails nothing more than nobody', async () => {
    const app = Fastify()
    void app.register(kernel, { identify: () => Promise.reject(new Error('down')) })
    void app.register(piiMasking, { policy })
    app.get('/', () => ({ ssn: SSN, id: 1 }))
    expect((await app.inject('/')).json()).toEqual({ id: 1 })
    await app.close()
  })
})

describe('a path of classify', () => {
  const classify = { 'order.contact.note': 'GENERIC_ID' }
  const answer = { note: 'open', order: { note: 'open', contact: { note: 'secret', name: 'open' } } }
  const masked = { note: 'open', order: { note: 'open', contact: { note: '***', name: 'open' } } }
  const text = { type: 'string' }
  const contact = { type: 'object', title: 'Contact', properties: { note: text, name: text } }
  const order = (of: object) => ({ type: 'object', properties: { note: text, contact: of } })
  const open = { type: 'object', additionalProperties: true }

  it.each([
    ['no schema', undefined],
    ['a schema', { type: 'object', properties: { note: text, order: order(contact) } }],
    ['an open schema', { type: 'object', properties: { note: text, order: order(open) } }],
    ['a schema that is open at the top', open],
  ])('masks what it leads to and nothing else of that name, with %s', async (_name, schema) => {
    const app = serve({ classify })
    app.get('/', { schema: schema === undefined ? {} : { response: { 200: schema } } }, async () => answer)
    app.get('/list', async () => [{ data: [answer] }])
    app.get('/text', async (_request, reply) =>
      reply.type('application/json').send(JSON.stringify({ Order: [{ contact_: answer.order.contact }] })),
    )
    expect((await app.inject('/')).json()).toEqual(masked)
    expect((await app.inject('/list')).json()).toEqual([{ data: [masked] }])
    expect((await app.inject('/text')).body).not.toContain('secret')
    await app.close()
  })

  it('takes a rule of its own, and cleans what was sent there out of an error', async () => {
    const app = serve({ classify, policy: { 'order.contact.note': { admin: 'raw', '*': 'null' } } })
    app.post('/', async ({ body }, reply) => {
      const sent = (body as typeof answer).order
      return reply.code(400).send({ message: `no such note: ${sent.contact.note}`, order: sent })
    })
    const send = async (role: string): Promise<object> =>
      (await app.inject({ ...as(role, '/'), method: 'POST', payload: answer })).json()
    expect(await send('admin')).toEqual({ message: 'no such note: secret', order: answer.order })
    expect(await send('guest')).toEqual({
      message: 'no such note: ***',
      order: { note: 'open', contact: { note: null, name: 'open' } },
    })
    await app.close()
  })

  it('that is none does not start', async () => {
    const app = serve({ classify: { 'order..note': 'GENERIC_ID' } })
    await expect(app.ready()).rejects.toThrow(/'order\.\.note' is no path/)
  })
})
