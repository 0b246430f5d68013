import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import piiMasking from '@portcullis/pii-masking'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'
import accessControl from '../src/index.ts'
import { NOW } from './apps.ts'

const schema = `
  type Query { report: String  users: [User]  again(after: Int, query: String): String }
  type User { name: String  email: String }
`
const late = async (value: string): Promise<string> => new Promise((done) => setImmediate(done, value))
const users = (user: (name: string) => object): object[] => ['ada', 'bobby', 'clara'].map(user)

interface Answer {
  readonly data: Record<string, unknown> | null
  readonly errors?: readonly { readonly extensions?: object }[]
}

/** An app whose clock its queries can turn, and that asks itself within a request. */
function serve() {
  let now = NOW
  const app = Fastify()
  void app.register(kernel, {
    environment: 'test',
    now: () => now,
    identify: ({ headers: { role } }) =>
      typeof role === 'string' ? { id: role, roles: [role], authTime: NOW } : null,
  })
  void app.register(depthLimit)
  void app.register(piiMasking, {
    classify: { 'User.email': 'EMAIL_ADDRESS' },
    policy: { EMAIL_ADDRESS: 'raw' },
  })
  void app.register(accessControl, {
    roles: { reader: ['users:read', 'emails:read'], clerk: ['users:read'], guest: [] },
    graphql: {
      'Query.report': { permission: 'users:read', maxAge: '5m' },
      'User.name': { permission: 'users:read', onDenied: 'null' },
      'User.email': { permission: 'emails:read', onDenied: 'mask' },
    },
  })
  void app.register(mercurius, {
    schema,
    resolvers: {
      Query: {
        report: () => 'a report',
        users: () =>
          users((name) => ({ name: () => late(name), email: () => late(`${name}.someone@example.com`) })),
        async again(_root, { after, query }: { after: number; query: string }, { reply }) {
          now += after
          const answer: unknown = await reply.graphql(query)
          return JSON.stringify(answer)
        },
      },
    },
  })
  return app
}

const ask = async (app: FastifyInstance, query: string, role?: string): Promise<Answer> => {
  const headers = role === undefined ? {} : { role }
  const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query }, headers })
  return answer.json<Answer>()
}

describe('what was judged for a field', () => {
  it('is judged anew for another operation of the same request', async () => {
    const app = serve()
    const again = async (after: number): Promise<unknown> => {
      const query = `{ report a: report again(after: ${after}, query: "{ report b: report }") }`
      const { data } = await ask(app, query, 'reader')
      return { ...data, again: (JSON.parse(String(data?.['again'])) as Answer).data }
    }
    const first = { report: 'a report', a: 'a report' }
    expect(await again(1_000)).toEqual({ ...first, again: { report: 'a report', b: 'a report' } })
    expect(await again(600_000)).toEqual({ ...first, again: { report: null, b: null } })
    await app.close()
  })

  it('holds for nobody else, whoever’s resolvers run in between', async () => {
    const app = serve()
    const masked = (name: string): string => `${name.charAt(0)}***@example.com`
    const expected: Readonly<Record<string, object[]>> = {
      reader: users((name) => ({ name, email: `${name}.someone@example.com` })),
      clerk: users((name) => ({ name, email: masked(name) })),
      guest: users((name) => ({ name: null, email: masked(name) })),
    }
    const roles = Array.from({ length: 30 }, (_, index) => ['reader', 'clerk', 'guest'][index % 3])
    const answers = await Promise.all(roles.map((role) => ask(app, '{ users { name email } }', role)))
    expect(answers.map(({ data }) => data?.['users'])).toEqual(roles.map((role = '') => expected[role]))
    await app.close()
  })
})
