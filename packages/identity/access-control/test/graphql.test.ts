import depthLimit from '@portcullis/depth-limit'
import piiMasking from '@portcullis/pii-masking'
import type { PiiMaskingOptions } from '@portcullis/pii-masking'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema } from 'graphql'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'
import { refuseGraphql } from '../src/graphql/use-graphql.ts'
import accessControl, { authDirective } from '../src/index.ts'
import type { AccessControlOptions } from '../src/index.ts'
import { ada, appWith, as, NOW } from './apps.ts'

const sdl = `${authDirective}
  interface Owned { userId: ID  secret: String }
  type Order implements Owned @auth(requires: "orders:read") { userId: ID  leaderId: ID  secret: String  total: Int! }
  type Note implements Owned { userId: ID  secret: String  text: String @auth }
  union Hit = Order | Note
  type User { id: ID  email: String  salary: Int  boss: User @auth(role: "manager") }
  type Query { orders: [Order]  hits: [Hit]  owned: [Owned]  me: User  user(id: ID): User  report: String! }
  type Mutation { pay(id: ID): String  close: Boolean }
`
const orders = [
  { __typename: 'Order', userId: 'ada', leaderId: 'grace', secret: 'a', total: 1 },
  { __typename: 'Order', userId: 'bob', leaderId: 'grace', secret: 'b', total: 2 },
]
const note = { __typename: 'Note', userId: 'ada', secret: 'n', text: 'hello' }
const me = { id: 'ada', email: 'ada.lovelace@example.com', salary: 7, boss: { id: 'grace', salary: 9 } }

const permissions: AccessControlOptions = {
  graphql: {
    'User.salary': { permission: 'payroll:read', onDenied: 'null' },
    'Mutation.pay': 'payments:write',
    'Query.report': { role: 'auditor', maxAge: '5m' },
  },
}

function serve(
  options: AccessControlOptions = permissions,
  jit = 0,
  register = (_app: FastifyInstance): void => undefined,
) {
  const ran: string[] = []
  const run = (name: string, value: unknown) => () => {
    ran.push(name)
    return value
  }
  const { app, events } = appWith(options, (one) => {
    void one.register(depthLimit)
    register(one)
    void one.register(mercurius, {
      schema: sdl,
      jit,
      resolvers: {
        Query: {
          orders: run('orders', orders),
          hits: run('hits', [...orders, note]),
          owned: run('owned', [...orders, note]),
          me: run('me', me),
          report: run('report', 'a report'),
        },
        Mutation: { pay: run('pay', 'paid'), close: run('close', true) },
      },
    })
  })
  return { app, events, ran }
}

interface Answer {
  readonly data: Record<string, unknown> | null
  readonly errors?: readonly {
    readonly path?: unknown
    readonly message: string
    readonly extensions?: object
  }[]
}

const ask = async (app: FastifyInstance, query: string, headers: object = ada): Promise<Answer> =>
  (
    await app.inject({ method: 'POST', url: '/graphql', payload: { query }, headers: { ...headers } })
  ).json<Answer>()

const paths = ({ errors = [] }: Answer): unknown[] => errors.map(({ path }) => (path as unknown[]).join('.'))

describe.each([0, 1])('mercurius, jit %i', (jit) => {
  it('tests the object a field belongs to, under every alias, in fragments, on every request', async () => {
    const { app } = serve(permissions, jit)
    const query = '{ orders { x: secret ...f } } fragment f on Order { y: secret }'
    for (let time = 0; time < 3; time++) {
      const answer = await ask(app, query)
      expect(answer.data).toEqual({
        orders: [
          { x: 'a', y: 'a' },
          { x: null, y: null },
        ],
      })
      expect(paths(answer)).toEqual(['orders.1.x', 'orders.1.y'])
      expect(answer.errors?.[0]).toMatchObject({
        message: 'You may not have this field.',
        extensions: { code: 'FIELD_AUTHORIZATION_ERROR', status: 403 },
      })
    }
    const grace = await ask(app, query, as({ id: 'grace', roles: ['manager'] }))
    expect(grace).toEqual({
      data: {
        orders: [
          { x: 'a', y: 'a' },
          { x: 'b', y: 'b' },
        ],
      },
    })
    await app.close()
  })

  it('is no wider through an interface or a union', async () => {
    const { app } = serve(permissions, jit)
    for (const query of [
      '{ owned { secret } }',
      '{ owned { ... on Order { secret } ... on Note { secret } } }',
      '{ hits: owned { ... on Owned { secret } } }',
    ]) {
      const { data } = await ask(app, query)
      expect(Object.values(data ?? {})).toEqual([[{ secret: 'a' }, { secret: null }, { secret: 'n' }]])
    }
    const hits = await ask(app, '{ hits { ... on Order { secret } ... on Note { text } } }', {})
    expect(hits.data).toEqual({ hits: [{ secret: null }, { secret: null }, { text: null }] })
    expect(paths(hits)).toHaveLength(3)
    await app.close()
  })

  it('answers as its rule says: an error, or null; nothing of a mutation runs', async () => {
    const { app, ran } = serve(permissions, jit)
    expect(await ask(app, '{ me { id salary boss { id } } }')).toMatchObject({
      data: { me: { id: 'ada', salary: null, boss: null } },
      errors: [{ path: ['me', 'boss'] }],
    })
    const denied = await ask(app, 'mutation { pay(id: "1") close }')
    expect(denied.data).toEqual({ pay: null, close: true })
    expect(ran).toEqual(['me', 'close'])
    await app.close()
  })
})

describe('rules', () => {
  it('of a field and of its type must both allow it', async () => {
    const { app } = serve({ graphql: { 'Order.secret': { role: 'auditor', onDenied: 'null' } } })
    expect((await ask(app, '{ orders { secret total } }')).data).toEqual({
      orders: [{ secret: null, total: 1 }, null],
    })
    const both = as({ id: 'ada', roles: ['user', 'auditor'] })
    // Denied by the scope that the auditor is denied.
    expect((await ask(app, '{ orders { secret } }', both)).data).toEqual({
      orders: [{ secret: null }, { secret: 'b' }],
    })
    await app.close()
  })

  it('of an interface hold for the types that implement it', async () => {
    const { app } = serve({
      graphql: { 'Owned.secret': { role: 'auditor', onDenied: 'null' }, Owned: { authenticated: true } },
    })
    expect((await ask(app, '{ owned { ... on Note { secret userId } } }')).data?.['owned']).toContainEqual({
      secret: null,
      userId: 'ada',
    })
    expect((await ask(app, '{ owned { ... on Note { userId } } }', {})).data?.['owned']).toContainEqual({
      userId: null,
    })
    await app.close()
  })

  it('may ask for a recent login', async () => {
    const { app } = serve()
    const auditor = (authTime: number) => as({ id: 'a', roles: ['auditor'], authTime })
    expect((await ask(app, '{ report }', auditor(NOW - 1000))).data).toEqual({ report: 'a report' })
    expect((await ask(app, '{ report }', auditor(NOW - 600_000))).errors?.[0]?.extensions).toEqual({
      code: 'INSUFFICIENT_USER_AUTHENTICATION',
      status: 401,
      maxAge: 300,
    })
    await app.close()
  })

  it('hold in a schema that replaces the first, and for resolvers that are set later', async () => {
    const { app } = serve()
    await app.ready()
    app.graphql.defineResolvers({ Mutation: { pay: () => 'paid later' } })
    expect((await ask(app, 'mutation { pay }')).data).toEqual({ pay: null })
    const second = buildSchema(sdl)
    Object.assign(second.getMutationType()?.getFields()['pay'] ?? {}, { resolve: () => 'paid elsewhere' })
    app.graphql.replaceSchema(second)
    expect((await ask(app, 'mutation { pay }')).data).toEqual({ pay: null })
    await app.close()
  })

  it('judge the call of an app on nobody’s behalf as nobody’s', async () => {
    const { app, events } = serve()
    await app.ready()
    const { data, errors } = await app.graphql('{ me { salary boss { id } id } }')
    expect(data).toEqual({ me: { salary: null, boss: null, id: 'ada' } })
    expect(errors).toHaveLength(1)
    expect(events.map(({ type, details }) => [type, (details as { field?: string }).field])).toEqual([
      ['authz.denied', 'User.salary'],
      ['authz.denied', 'User.boss'],
    ])
    await app.close()
  })

  it('are off where the route switches access-control off, and only told in measure mode', async () => {
    const { app: measured, events } = serve({ ...permissions, mode: 'measure' })
    expect((await ask(measured, '{ me { salary boss { id } } orders { secret } }')).data).toEqual({
      me: { salary: 7, boss: { id: 'grace' } },
      orders: [{ secret: 'a' }, { secret: 'b' }],
    })
    expect(events.map(({ outcome }) => outcome)).toEqual(['measured', 'measured', 'measured'])
    const off = appWith(permissions, (one) => {
      void one.register(depthLimit)
      void one.register(mercurius, {
        schema: sdl,
        resolvers: { Query: { me: () => me } },
        additionalRouteOptions: { config: { access: false } },
      })
    }).app
    expect((await ask(off, '{ me { salary } }')).data).toEqual({ me: { salary: 7 } })
    await Promise.all([measured.close(), off.close()])
  })

  it('wait for scope resolvers, and end the field where one fails', async () => {
    const fails = new Error('away')
    const scopes = {
      self: async (
        { principal }: { principal: { id: string | null } },
        resource: unknown,
        field?: { args: object; info: { fieldName: string } },
      ) => {
        if (field?.info.fieldName === 'leaderId') throw fails
        return (resource as { userId: string }).userId === principal.id
      },
      team: () => false,
    }
    const { app } = serve({ scopes })
    const answer = await ask(app, '{ orders { secret leaderId } }')
    expect(answer.data).toEqual({
      orders: [
        { secret: 'a', leaderId: null },
        { secret: null, leaderId: null },
      ],
    })
    expect(paths(answer).map(String).sort()).toEqual([
      'orders.0.leaderId',
      'orders.1.leaderId',
      'orders.1.secret',
    ])
    await app.close()
  })

  it('tell each denial once for a request and field, admin:all and personal data too', async () => {
    const { app, events } = serve({ ...permissions, personalData: ['payroll'] })
    await ask(app, '{ a: orders { secret } b: orders { secret total } }')
    expect(events.map(({ type, details }) => [type, details])).toEqual(
      ['Order.secret', 'Order.total'].map((field) => [
        'authz.denied',
        { permission: 'orders:read', roles: undefined, field, code: 'FIELD_AUTHORIZATION_ERROR' },
      ]),
    )
    events.length = 0
    expect(
      (await ask(app, '{ me { salary } b: me { salary } }', as({ id: 'root', roles: ['admin'] }))).data,
    ).toEqual({ me: { salary: 7 }, b: { salary: 7 } })
    expect(events.map(({ type, details }) => [type, details])).toEqual([
      ['admin.action', { action: 'admin:all for payroll:read' }],
      ['data.accessed', { resource: 'User.salary', permission: 'payroll:read' }],
    ])
    await app.close()
  })
})

describe('onDenied: mask', () => {
  const masked: AccessControlOptions = {
    graphql: { 'User.email': { permission: 'users:read', onDenied: 'mask' } },
  }
  const withMasks =
    (policy: NonNullable<PiiMaskingOptions['policy']>) =>
    (one: FastifyInstance): void => {
      void one.register(piiMasking, { classify: { 'User.email': 'EMAIL_ADDRESS' }, policy })
    }

  it.each([
    ['raw for everybody', { EMAIL_ADDRESS: 'raw' }],
    ['raw for the role', { EMAIL_ADDRESS: { user: 'raw', manager: 'raw', '*': 'partial' } }],
  ] as const)('masks for who may not, where the policy is %s', async (_what, policy) => {
    const { app } = serve(masked, 0, withMasks(policy))
    expect((await ask(app, '{ me { email } }')).data).toEqual({ me: { email: 'a***@example.com' } })
    expect((await ask(app, '{ me { email } }', as({ id: 'g', roles: ['manager'] }))).data).toEqual({
      me: { email: 'ada.lovelace@example.com' },
    })
    await app.close()
  })

  it('masks also where the route switches masking off', async () => {
    const { app } = appWith(masked, (one) => {
      void one.register(depthLimit)
      withMasks({ EMAIL_ADDRESS: 'raw' })(one)
      void one.register(mercurius, {
        schema: sdl,
        resolvers: { Query: { me: () => me } },
        additionalRouteOptions: { config: { piiMasking: false } },
      })
    })
    expect((await ask(app, '{ me { email } }')).data).toEqual({ me: { email: 'a***@example.com' } })
    await app.close()
  })

  it.each([
    ['without pii-masking', () => undefined],
    ['for a field that is not classified', (one: FastifyInstance) => void one.register(piiMasking)],
  ])('does not boot %s', async (_what, register) => {
    const { app } = serve(masked, 0, register)
    await expect(app.ready()).rejects.toThrow(
      /User\.email is not classified by pii-masking.*'reject' or 'null'/,
    )
    await app.close()
  })
})

describe('at boot', () => {
  it.each([
    [{ 'User.salry': 'a:b' }, /graphql\['User\.salry'\].*Did you mean 'User\.salary'/],
    [{ Hit: 'a:b' }, /graphql\['Hit'\].*no GraphQL schema here/],
    [{ 'Order.total': { permission: 'a:b', onDenied: 'null' } }, /Order\.total cannot be null/],
    [{ 'Mutation.pay': { permission: 'a:b', onDenied: 'mask' } }, /Mutation\.pay/],
    [{ 'User.email': { permission: 'a:b', role: 'user' } }, /permission and role.*one of/],
    [{ 'User.email': 'orders:read:selv' }, /Did you mean 'self'/],
  ])('%j is refused', async (graphql, says) => {
    const { app } = serve({ graphql } as AccessControlOptions)
    await expect(app.ready()).rejects.toThrow(says)
    await app.close()
  })

  it.each([
    ['@auth(requires: "orders")', /@auth of Query\.a.*'orders'/],
    ['@auth(requires: "orders:read", role: "user")', /permission and role/],
    ['@auth(requires: 7)', /requires and role take a text/],
    ['@auth(onDenied: "hide")', /'reject', 'null' or 'mask'/],
    ['@auth(role: "usr")', /'usr'.*Did you mean 'user'/],
  ])('%s is refused', async (directive, says) => {
    const { app } = appWith({}, (one) => {
      void one.register(depthLimit)
      const schema = buildSchema(`type Query { a: String ${directive} }`, { assumeValidSDL: true })
      one.post('/graphql', { config: { graphql: { schema } } }, () => ({}))
    })
    await expect(app.ready()).rejects.toThrow(says)
    await app.close()
  })

  it('an argument that a directive of that name does not have is refused, unless ours is called otherwise', async () => {
    const build = (directive?: string) => {
      const one = Fastify()
      void one.register(accessControl, directive === undefined ? {} : { directive })
      void one.register(depthLimit)
      const schema = buildSchema(
        'directive @auth(scope: String) on FIELD_DEFINITION type Query { a: String @auth(scope: "x") }',
      )
      one.post('/graphql', { config: { graphql: { schema } } }, () => ({}))
      return one
    }
    await expect(build().ready()).rejects.toThrow(
      /@auth of Query\.a has the argument scope; it takes requires, role/,
    )
    const renamed = build('guarded')
    await renamed.ready()
    await renamed.close()
  })

  it('a scope with GraphQL is refused where graphql-gate is not installed', async () => {
    const { app } = serve()
    const rest = Fastify()
    await Promise.all([app.ready(), rest.ready()])
    const options = { graphql: {} } as never
    expect(() => refuseGraphql({ scope: app, options } as never)).toThrow(
      /npm install @portcullis\/graphql-gate/,
    )
    expect(() => refuseGraphql({ scope: rest, options } as never)).not.toThrow()
    expect(() => refuseGraphql({ scope: rest, options: { graphql: { A: {} } } } as never)).toThrow(
      /npm install/,
    )
    await Promise.all([app.close(), rest.close()])
  })
})
