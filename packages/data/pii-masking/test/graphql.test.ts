import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'
import { refuseGraphql } from '../src/graphql/use-graphql.ts'
import { piiMasking } from '../src/index.ts'
import type { PiiMaskingOptions } from '../src/index.ts'

const SSN = '123-45-6789'
const schema = `
  directive @pii(infoType: String!) on FIELD_DEFINITION
  interface Person { birthDate: String @pii(infoType: "DATE_OF_BIRTH") }
  type User implements Person {
    id: ID!
    taxId: String! @pii(infoType: "US_SSN")
    birthDate: String
    pin: Int
    level: Int!
    phones: [String!]! @pii(infoType: "PHONE_NUMBER")
    createdBy: User
  }
  type Query { me: User  users: [User!]! }
`
const row = {
  id: '1',
  taxId: async () => SSN,
  birthDate: '1985-04-12',
  pin: 1234,
  level: 7,
  phones: async () => [Promise.resolve('+15550104477')],
}
const resolvers = { Query: { me: () => ({ ...row, createdBy: row }), users: () => [row, row] } }
const byRole = { admin: 'raw', support: 'partial', '*': 'reject' } as const
const options: PiiMaskingOptions = {
  policy: { US_SOCIAL_SECURITY_NUMBER: byRole },
  classify: { 'User.pin': 'GENERIC_ID', 'User.level': 'GENERIC_ID' },
}

function serve(given: PiiMaskingOptions = options, config: object = {}): FastifyInstance {
  const app = Fastify()
  void app.register(kernel, {
    environment: 'development',
    identify: ({ headers: { role } }) =>
      typeof role === 'string' ? { id: 'somebody', roles: [role] } : null,
  })
  void app.register(piiMasking, given)
  void app.register(mercurius, { schema, resolvers, jit: 1, additionalRouteOptions: { config } })
  return app
}

interface Answer {
  readonly data: Record<string, Record<string, unknown>> | null
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[]
}

async function ask(app: FastifyInstance, query: string, role?: string): Promise<Answer> {
  const headers = role === undefined ? {} : { role }
  const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query }, headers })
  return answer.json<Answer>()
}

describe('without graphql-gate', () => {
  it('GraphQL in the scope is refused, and only there', async () => {
    const app = serve()
    const rest = Fastify().get('/', () => 'ok')
    const marked = Fastify().post('/', { config: { graphql: true } }, () => 'ok')
    await Promise.all([app.ready(), rest.ready(), marked.ready()])
    for (const one of [app, marked])
      expect(() => refuseGraphql(one)).toThrow(/npm install @portcullis\/graphql-gate/)
    expect(() => refuseGraphql(rest)).not.toThrow()
    await Promise.all([app.close(), rest.close(), marked.close()])
  })
})

describe('GraphQL fields', () => {
  it('keep their types, in lists and behind promises, and follow the interface', async () => {
    const app = serve()
    for (let time = 0; time < 4; time++) {
      const { data } = await ask(
        app,
        '{ me { taxId birthDate pin level phones createdBy { x: taxId } } }',
        'support',
      )
      expect(data?.['me']).toEqual({
        taxId: '***-**-6789',
        birthDate: '1985-**-**',
        pin: 0,
        level: 0,
        phones: ['***-***-4477'],
        createdBy: { x: '***-**-6789' },
      })
    }
    await app.close()
  })

  it('are refused one by one where the policy rejects', async () => {
    const app = serve()
    const { data, errors } = await ask(app, '{ me { id createdBy { taxId } } }')
    expect(data?.['me']).toEqual({ id: '1', createdBy: null })
    expect(errors?.map(({ extensions }) => extensions?.code)).toEqual(['PII_FIELD_FORBIDDEN'])
    await app.close()
  })

  it('are told to caches and subscribers once, and by role', async () => {
    const app = serve()
    await app.ready()
    const events: SecurityEvent[] = []
    app.securityEvents.subscribe((event) => void events.push(event))
    const query = '{ users { a: taxId b: taxId } }'
    const answer = await app.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query },
      headers: { role: 'admin' },
    })
    expect(answer.body).toContain(SSN)
    expect(answer.headers['cache-control']).toBe('private, no-store')
    expect(events).toMatchObject([{ type: 'pii.revealed', details: { fields: ['User.taxId'] } }])
    await app.close()
  })

  it('stay masked in a schema that replaces the first, and in calls without a request', async () => {
    const app = serve()
    await app.ready()
    await app.graphql.extendSchema('extend type User { ssn: String }')
    app.graphql.defineResolvers({ User: { ssn: () => SSN } })
    const { data } = await ask(app, '{ me { ssn z: taxId } }', 'support')
    expect(JSON.stringify(data)).not.toContain('123-45')
    const own = await app.graphql('{ me { ssn taxId } }')
    expect(JSON.stringify(own)).not.toContain('123-45')
    await app.close()
  })

  it('are masked for each of several readers at once as for them alone', async () => {
    const app = serve()
    const alone = new Map<string, Answer>()
    const roles = ['admin', 'support', 'other']
    for (const role of roles) alone.set(role, await ask(app, '{ users { taxId phones pin } }', role))
    expect(new Set([...alone.values()].map((answer) => JSON.stringify(answer))).size).toBe(3)
    const readers = Array.from({ length: 30 }, (_, index) => roles[index % 3] ?? '')
    const answers = await Promise.all(readers.map((role) => ask(app, '{ users { taxId phones pin } }', role)))
    expect(answers).toEqual(readers.map((role) => alone.get(role)))
    await app.close()
  })

  it('are masked for a reader who is known later than something was masked in the same request', async () => {
    const app = serve({ policy: { US_SOCIAL_SECURITY_NUMBER: { admin: 'raw', support: 'partial' } } })
    const early: unknown[] = []
    app.addHook('onRequest', async (request) => {
      early.push(request.pii.mask({ taxId: SSN, ssn: SSN }))
    })
    expect((await ask(app, '{ me { taxId } }', 'admin')).data).toEqual({ me: { taxId: SSN } })
    expect((await ask(app, '{ me { taxId } }', 'support')).data).toEqual({ me: { taxId: '***-**-6789' } })
    expect(JSON.stringify(early)).not.toContain(SSN)
    await app.close()
  })

  it('are masked in lists of lists, and are null where a list is none', async () => {
    const app = Fastify()
    void app.register(kernel, { environment: 'development' })
    void app.register(piiMasking, {
      classify: { 'Query.numbers': 'PHONE_NUMBER', 'Query.flat': 'PHONE_NUMBER' },
    })
    void app.register(mercurius, {
      schema: 'type Query { numbers: [[String]!]  flat: [String] }',
      resolvers: {
        Query: {
          numbers: async () => [new Set(['+15550104477', null]), Promise.resolve([Promise.resolve('123')])],
          flat: () => 15550104477,
        },
      },
    })
    expect((await ask(app, '{ numbers flat }')).data).toEqual({
      numbers: [['***-***-4477', null], ['***-***-****']],
      flat: null,
    })
    await app.close()
  })

  it('are masked in a REST route that runs an operation', async () => {
    const app = serve()
    app.get('/me', (_request, reply) => reply.graphql('{ me { renamed: taxId } }'))
    expect((await app.inject({ url: '/me', headers: { role: 'support' } })).body).not.toContain('123-45')
    await app.close()
  })

  it('are masked in production behind a gate that bounds operations, and do not boot there without one', async () => {
    const build = (): FastifyInstance => {
      const app = Fastify()
      void app.register(kernel, { environment: 'production' })
      void app.register(piiMasking, options)
      void app.register(mercurius, { schema, resolvers })
      return app
    }
    await expect(build().ready()).rejects.toThrow('no gate in its scope that bounds its operations')
    const app = build()
    void app.register(depthLimit)
    expect((await ask(app, '{ me { birthDate } }')).data?.['me']).toEqual({ birthDate: '1985-**-**' })
    await app.close()
  })

  it('are raw where the route says so', async () => {
    const app = serve(options, { piiMasking: false })
    expect((await ask(app, '{ me { taxId } }')).data?.['me']).toEqual({ taxId: SSN })
    await app.close()
  })

  it.each([
    [{ 'Query.me': 'PERSON_NAME' }, /Query\.me is classified, but has fields of its own/],
    [{ 'User.taxid': 'SSN' }, /User\.taxid: got 'SSN'/],
  ])('do not boot with %o', async (classify, says) => {
    const app = serve({ classify })
    await expect(app.ready()).rejects.toThrow(says)
  })
})
