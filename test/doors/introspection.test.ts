import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import type { GraphqlGateOptions } from '@portcullis/graphql-gate'
import kernel from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { getIntrospectionQuery } from 'graphql'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf, requestThrough, SERVERS } from './servers.ts'
import type { Server } from './server.ts'

const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

function build(
  server: Server,
  introspection: GraphqlGateOptions['introspection'],
  schema = 'type Query { node: Node } type Node { id: ID } type Mutation { touch: ID }',
): FastifyInstance {
  const app = server.build({
    schema,
    stored: { introspect: '{ __schema { queryType { name } } }' },
    register(instance) {
      const identify = ({ headers: { role } }: { headers: Record<string, unknown> }) =>
        typeof role === 'string' ? { id: 'me', roles: [role] } : null
      void instance.register(kernel, { environment: 'production', identify })
      void instance.register(graphqlGate, { introspection })
      // It only reports, so that what it would refuse comes this far.
      void instance.register(depthLimit, { mode: 'measure' })
    },
  })
  apps.push(app)
  return app
}

const asking = [
  ['the standard query', getIntrospectionQuery()],
  ['__type', '{ __type(name: "Node") { name } }'],
  ['an alias', '{ a: __schema { queryType { name } } }'],
  [
    'a fragment in a fragment',
    '{ ...a } fragment a on Query { ...b } fragment b on Query { __schema { queryType { name } } }',
  ],
  ['an inline fragment', '{ ... { ... on Query { __schema { queryType { name } } } } }'],
  ['a condition', '{ node { id } __schema @skip(if: true) { queryType { name } } }'],
  ['beside a field', '{ node { id } __type(name: "Node") { name } }'],
] as const

describe.each(SERVERS)('$name', (server) => {
  it.each(asking)('introspection: false refuses %s', async (_name, query) => {
    const answer = await build(server, false).inject(requestThrough('post', { query }))
    expect([answer.statusCode, codeOf(answer.body)], answer.body).toEqual([403, 'INTROSPECTION_NOT_ALLOWED'])
  })

  it.each(server.doors.filter((door) => door !== 'application/graphql'))('holds through %s', async (door) => {
    const app = build(server, false)
    const query = '{ __schema { queryType { name } } }'
    const answer = await app.inject(requestThrough(door, { query }, 'introspect'))
    expect([answer.statusCode, codeOf(answer.body)], answer.body).toEqual([403, 'INTROSPECTION_NOT_ALLOWED'])
  })

  it('comes to an end with fragments in a circle', async () => {
    const query = '{ ...a } fragment a on Query { node { id } ...b } fragment b on Query { ...a }'
    const answer = await build(server, false).inject(requestThrough('post', { query }))
    expect(answer.json()).toMatchObject({ errors: [{ message: expect.stringContaining('Cannot spread') }] })
  })

  it('leaves __typename, names that look alike and operations that do not run', async () => {
    const app = build(server, false)
    const query = `query A { __typename __schemas: node { __typename __type: id } }
      query B { ...__schema } fragment __schema on Query { __schema { queryType { name } } }`
    const one = await app.inject(requestThrough('post', { query, operationName: 'A' }))
    expect([one.statusCode, one.json()]).toEqual([200, { data: { __typename: 'Query', __schemas: null } }])
    const two = await app.inject(requestThrough('post', { query, operationName: 'B' }))
    expect(codeOf(two.body)).toBe('INTROSPECTION_NOT_ALLOWED')
  })

  it('holds for the text of its schema that a federated subgraph tells, and for no field that is named like it', async () => {
    const request = requestThrough('post', { query: '{ _service { sdl } }' })
    const subgraph = build(server, false, 'type Query { _service: _Service! } type _Service { sdl: String }')
    expect(codeOf((await subgraph.inject(request)).body)).toBe('INTROSPECTION_NOT_ALLOWED')
    const other = build(server, false, 'type Query { _service: Service } type Service { sdl: String }')
    expect((await other.inject(request)).json()).toEqual({ data: { _service: null } })
  })

  it('is for the roles that the option names, and left to the server without it', async () => {
    const app = build(server, { roles: ['architect'] })
    const request = requestThrough('post', { query: '{ __schema { queryType { name } } }' })
    for (const [role, status] of [
      ['architect', 200],
      ['clerk', 403],
    ] as const) {
      const answer = await app.inject({ ...request, headers: { role } })
      expect(answer.statusCode, answer.body).toBe(status)
    }
    expect((await app.inject(request)).statusCode).toBe(403)
    expect((await build(server, undefined).inject(request)).statusCode).toBe(200)
  })
})
