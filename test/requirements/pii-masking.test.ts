import { maskText } from '@portcullis/classification'
import kernel from '@portcullis/kernel'
import piiMasking from '@portcullis/pii-masking'
import type { PiiMaskingOptions } from '@portcullis/pii-masking'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { requestThrough, SERVERS } from '../doors/servers.ts'
import type { Server } from '../doors/server.ts'
import { accept } from './acceptance.ts'
import { lastFour, maskCardByPlace, maskTopLevel, withMaskedTwin } from './flawed/mask-by-key.ts'

const SSN = '123-45-6789'
const person = { id: '1', ssn: SSN, taxId: SSN, email: 'ada@example.com', card: '4111111111111111' }
const schema = `
  directive @pii(infoType: String!) on FIELD_DEFINITION
  type Query { me: Person }
  type Person { id: ID  ssn: String  taxId: String @pii(infoType: "US_SOCIAL_SECURITY_NUMBER")  email: String  card: String }
`
const options: PiiMaskingOptions = {
  classify: { 'Person.card': 'CREDIT_CARD_NUMBER', 'Person.email': 'EMAIL_ADDRESS' },
  policy: {
    US_SOCIAL_SECURITY_NUMBER: { admin: 'raw', '*': 'partial' },
    EMAIL_ADDRESS: 'raw',
  },
}

function register(app: FastifyInstance, withGate: boolean): void {
  void app.register(kernel, {
    environment: 'development',
    identify: ({ headers: { role } }) =>
      typeof role === 'string' ? { id: 'somebody', roles: [role] } : null,
  })
  if (withGate) void app.register(piiMasking, options)
}

const graphqlApp =
  (server: Server) =>
  (withGate: boolean): FastifyInstance =>
    server.build({
      schema,
      guarded: withGate,
      resolvers: { Query: { me: () => person } },
      register: (app) => register(app, withGate),
    })

const restApp =
  (answer: unknown, response?: object) =>
  (withGate: boolean): FastifyInstance => {
    const app = Fastify()
    register(app, withGate)
    app.get('/honest', () => ({ ok: true }))
    app.get('/', { schema: response === undefined ? {} : { response: { 200: response } } }, () => answer)
    return app
  }

const honest = { url: '/honest' }
const get = async (app: FastifyInstance, role?: string): Promise<string> =>
  (await app.inject({ url: '/', headers: role === undefined ? {} : { role } })).body

const ask = async (app: FastifyInstance, server: Server, query: string, role?: string): Promise<string[]> => {
  const doors = server.doors.filter((door) => door !== 'prepared' && door !== 'hash')
  const answers = await Promise.all(
    doors.map((door) => {
      const request = requestThrough(door, { query })
      return app.inject({
        ...request,
        headers: { ...request.headers, ...(role === undefined ? {} : { role }) },
      })
    }),
  )
  return answers.map(({ body }) => body)
}

describe.each(SERVERS)('$name', (server) => {
  const build = graphqlApp(server)
  const query = '{ me { a: ssn ...f } } fragment f on Person { b: taxId c: card }'

  describe('F48: personal fields are declared once, by directive, coordinate or name', () => {
    accept('an alias or a fragment shows no more, whichever way the operation comes', {
      build,
      honest: requestThrough('post', { query: '{ me { id } }' }),
      async assert(app) {
        for (let time = 0; time < 3; time++) {
          for (const body of await ask(app, server, query)) {
            expect(body).not.toContain('123-45')
            expect(body).not.toContain('41111')
            expect(body).toContain('"a":"***-**-6789"')
          }
        }
      },
    })
  })

  describe('F51: one field, whose value depends on the role of the reader', () => {
    accept('the administrator sees it, everybody else its mask, and the open field is open', {
      build,
      honest: requestThrough('post', { query: '{ me { id } }' }),
      async assert(app) {
        const fields = '{ me { ssn email } }'
        for (const [role, shown] of [
          ['admin', SSN],
          ['guest', '***-**-6789'],
          [undefined, '***-**-6789'],
        ] as const) {
          for (const body of await ask(app, server, fields, role)) {
            expect(body).toContain(`{"me":{"ssn":"${shown}","email":"ada@example.com"}}`)
          }
        }
      },
    })
  })
})

describe('F48: private members of REST answers', () => {
  const privates = { id: 1, _ssn: SSN, _credit_card: person.card }
  accept('are masked by name', {
    build: restApp(privates),
    honest,
    async assert(app) {
      expect(JSON.parse(await get(app))).toEqual({
        id: 1,
        _ssn: '***-**-6789',
        _credit_card: '****-****-****-1111',
      })
    },
  })

  accept('are masked by what the response schema says of them', {
    build: restApp(
      { tax: SSN },
      { type: 'object', properties: { tax: { type: 'string', 'x-data-classification': 'US_SSN' } } },
    ),
    honest,
    assert: async (app) => expect(JSON.parse(await get(app))).toEqual({ tax: '***-**-6789' }),
  })
})

describe('F49: a social security number shows at most its last four digits', () => {
  it('the flaw: a value of four characters is shown whole', () => {
    expect(lastFour('6789')).toContain('6789')
    expect(lastFour('12')).toContain('12')
    expect(maskText('US_SOCIAL_SECURITY_NUMBER', '6789')).toBe('***-**-****')
  })

  accept('ours shows them of nine digits only', {
    build: restApp([SSN, '123456789', '6789', '12', '123-45-678901'].map((ssn) => ({ ssn }))),
    honest,
    async assert(app) {
      const hidden = { ssn: '***-**-****' }
      const shown = { ssn: '***-**-6789' }
      expect(JSON.parse(await get(app))).toEqual([shown, shown, hidden, hidden, hidden])
    },
  })
})

describe('F50: a card number is masked at every valid length', () => {
  const cards = ['378282246310005', '4111 1111 1111 1111', '6304000000000000000', '501800000009']

  it('the flaw: a card of 15 or 19 digits is shown whole', () => {
    expect(maskCardByPlace('378282246310005')).toBe('378282246310005')
    expect(maskCardByPlace('6304000000000000000')).toBe('6304000000000000000')
    expect(maskText('CREDIT_CARD_NUMBER', '6304000000000000000')).toBe('****-****-****-0000')
  })

  accept('ours shows the last four of 12 to 19 digits, however they are written', {
    build: restApp([...cards, '4111'].map((creditCard) => ({ creditCard }))),
    honest,
    async assert(app) {
      const shown = (JSON.parse(await get(app)) as { creditCard: string }[]).map(
        ({ creditCard }) => creditCard,
      )
      expect(shown.map((one) => one.slice(0, 15))).toEqual(Array.from({ length: 5 }, () => '****-****-****-'))
      expect(shown.map((one) => one.slice(15))).toEqual(['0005', '1111', '0000', '0009', '****'])
    },
  })
})

describe('F51: one datum is one field', () => {
  it('the flaw: the twin that should be masked is the value itself', () => {
    expect(withMaskedTwin({ ssn: SSN }).ssn_masked).toBe(SSN)
  })

  accept('ours has no twin to forget: the same member by role', {
    build: restApp({ ssn: SSN, email: person.email }),
    honest,
    async assert(app) {
      expect(JSON.parse(await get(app, 'admin'))).toEqual({ ssn: SSN, email: person.email })
      expect(JSON.parse(await get(app, 'guest'))).toEqual({ ssn: '***-**-6789', email: person.email })
      expect(JSON.parse(await get(app))).toEqual({ ssn: '***-**-6789', email: person.email })
    },
  })
})

describe('F51: a token in the place of a value', () => {
  const people = [{ ssn: SSN }, { ssn: '123456789' }]
  accept('joins records, and tells nothing of the value', {
    build(withGate) {
      const app = Fastify()
      const hashKey = 'a key of at least thirty-two characters'
      if (withGate) void app.register(piiMasking, { fallback: 'tokenize', hashKey })
      app.get('/honest', () => ({ ok: true }))
      app.get('/', () => people)
      return app
    },
    honest,
    async assert(app) {
      const [a, b] = JSON.parse(await get(app)) as typeof people
      expect(a?.ssn).toMatch(/^tok_[\w-]{22}$/)
      expect(b).toEqual(a)
    },
  })
})

describe('M21: sensitive values are masked at any depth and in any spelling', () => {
  const data = {
    Password: 'hunter2',
    user: { userSSN: SSN, cards: [{ 'credit-card': person.card }], history: { old_passwords: ['hunter1'] } },
  }
  const secrets = ['hunter1', 'hunter2', '123-45', '411111']

  it('the flaw: another spelling, or one level down, is shown whole', () => {
    const text = JSON.stringify(maskTopLevel(data))
    for (const secret of secrets) expect(text).toContain(secret)
  })

  accept('ours finds them all', {
    build: restApp(data),
    honest,
    async assert(app) {
      const body = await get(app)
      for (const secret of secrets) expect(body).not.toContain(secret)
      expect(body).toContain('"Password":"***"')
    },
  })
})
