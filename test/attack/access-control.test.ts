import { setTimeout as wait } from 'node:timers/promises'
import websocket from '@fastify/websocket'
import accessControl, { ownedBy } from '@portcullis/access-control'
import type { AccessControlOptions } from '@portcullis/access-control'
import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import kernel from '@portcullis/kernel'
import type { IdentifiedAs } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'
import { SERVERS } from '../doors/servers.ts'

const identify = ({ headers: { who } }: { headers: Record<string, unknown> }): IdentifiedAs =>
  typeof who === 'string' ? (JSON.parse(who) as IdentifiedAs) : null

const as = (roles: readonly string[], permissions: readonly string[] = []): { who: string } => ({
  who: JSON.stringify({ id: 'ada', roles, permissions }),
})

function guarded(options: AccessControlOptions, server: FastifyServerOptions = {}): FastifyInstance {
  const app = Fastify(server)
  void app.register(kernel, { environment: 'test', identify })
  void app.register(accessControl, { scopes: { self: ownedBy('userId') }, ...options })
  return app
}

describe('around the route', () => {
  it('no spelling of a URL, method or scope is a way past a decision', async () => {
    const app = guarded(
      { role: 'admin' },
      { routerOptions: { ignoreTrailingSlash: true, caseSensitive: false, ignoreDuplicateSlashes: true } },
    )
    app.all('/admin', () => 'secret')
    void app.register(async (scope) => void scope.get('/inner/:id', () => 'secret'), { prefix: '/child' })
    void app.register(websocket)
    void app.register(async (scope) => {
      scope.get('/socket', { websocket: true }, (socket) => socket.send('secret'))
    })
    const requests = [
      ['GET', '/admin'],
      ['HEAD', '/admin'],
      ['OPTIONS', '/admin'],
      ['TRACE', '/admin'],
      ['GET', '/ADMIN/'],
      ['GET', '//admin'],
      ['GET', '/%61dmin'],
      ['GET', '/admin?public=1'],
      ['GET', '/child/inner/1'],
      ['GET', '/child/inner/..%2f..%2fhealth'],
      ['GET', '/socket'],
    ] as const
    for (const [method, url] of requests) {
      const answer = await app.inject({ method, url, headers: as(['user']) })
      expect([answer.statusCode, answer.body.includes('secret')], `${method} ${url}`).toEqual([403, false])
    }
    await expect(app.injectWS('/socket')).rejects.toThrow('401')
    await app.close()
  })

  it('no role, permission or id that merely looks right counts', async () => {
    const app = guarded({ roles: { admin: ['admin:all'], reader: ['users:read'] } })
    app.get('/', { config: { access: { permission: 'users:read' } } }, () => 'secret')
    app.get('/role', { config: { access: { role: 'admin' } } }, () => 'secret')
    const roles = [
      'Admin',
      'admin ',
      ' admin',
      'admin\0',
      'admin:all',
      '*',
      '',
      'constructor',
      '__proto__',
      'toString',
    ]
    const permissions = [
      'admin:all',
      'users:*',
      '*',
      'users:read:',
      'users:read:self',
      'Users:read',
      'users:read ',
      'users',
    ]
    for (const role of roles) {
      expect((await app.inject({ url: '/', headers: as([role]) })).statusCode, role).toBe(403)
      expect((await app.inject({ url: '/role', headers: as([role]) })).statusCode, role).toBe(403)
    }
    for (const permission of permissions)
      expect((await app.inject({ url: '/', headers: as([], [permission]) })).statusCode, permission).toBe(403)
    await app.close()
  })

  it('a flood of roles and permissions is decided in time that grows with its size alone', async () => {
    const app = guarded({ roles: { reader: ['users:read'] } })
    app.get('/', { config: { access: { permission: 'users:read' } } }, (request) =>
      request.can('users:write'),
    )
    const flood = Array.from({ length: 400 }, (_, index) => `names:${'x'.repeat(20)}${index}`)
    const started = performance.now()
    for (let time = 0; time < 20; time++)
      expect((await app.inject({ url: '/', headers: as([...flood, 'reader'], flood) })).statusCode).toBe(200)
    expect(performance.now() - started).toBeLessThan(2_000)
    await app.close()
  })

  it('an identity that is found too late opens nothing, and one that fails is no 403', async () => {
    const app = Fastify()
    void app.register(kernel, {
      environment: 'test',
      identify: (request) => {
        if (request.headers['x-broken'] !== undefined) throw new Error('ada@example.com has no row')
        return (request as { user?: { id: string } }).user ?? null
      },
    })
    void app.register(accessControl, {})
    let ran = 0
    app.get(
      '/',
      {
        config: { access: { authenticated: true } },
        preHandler: async (request) => void Object.assign(request, { user: { id: 'ada' } }),
      },
      () => ran++,
    )
    expect((await app.inject('/')).statusCode).toBe(401)
    const broken = await app.inject({ url: '/', headers: { 'x-broken': '1' } })
    expect([broken.statusCode, broken.body.includes('ada')]).toEqual([500, false])
    expect(ran).toBe(0)
    await app.close()
  })

  it('a refusal and its event name nothing that the client sent', async () => {
    const app = guarded({ roles: { reader: ['users:read'] } })
    const told: string[] = []
    app.get('/:secret', { config: { access: { permission: 'users:read' } } }, () => 'ok')
    await app.ready()
    app.securityEvents.subscribe((event) => void told.push(JSON.stringify(event)))
    const answer = await app.inject({
      url: '/hunter2?token=hunter2',
      headers: { ...as(['hunter2'], ['hunter2:read']), 'x-request-id': 'hunter2hunter2' },
    })
    expect(answer.statusCode).toBe(403)
    expect([answer.body, JSON.stringify(answer.headers), ...told].join()).not.toContain('hunter2')
    await app.close()
  })
})

describe('around the field', () => {
  const schema = `
    directive @auth(requires: String, role: String, onDenied: String, personal: Boolean) on OBJECT | INTERFACE | FIELD_DEFINITION
    type Query { a: Item  items: [Item] }
    type Item @auth(requires: "items:read") { userId: ID  next: Item  list: [[Item]] }
    type Mutation { first: Boolean  second: Boolean @auth(role: "admin") }`

  it.each(SERVERS)(
    '$name: a decision over the route is answered as GraphQL, before any field',
    async (server) => {
      let ran = 0
      const app = server.build({
        schema,
        config: { access: { authenticated: true } },
        resolvers: { Query: { a: () => ran++ } },
        register(instance) {
          void instance.register(kernel, { environment: 'test', identify })
          void instance.register(depthLimit)
          void instance.register(accessControl, {})
        },
      })
      const answer = await app.inject({
        method: 'POST',
        url: '/graphql',
        payload: { query: '{ a { userId } }' },
      })
      expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
      expect(answer.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
      expect(ran).toBe(0)
      await app.close()
    },
  )

  it('two callers at once never see with each other’s eyes, whoever asked before', async () => {
    const app = guarded({ roles: { reader: ['items:read:self'], staff: ['items:read'], admin: [] } })
    void app.register(depthLimit)
    // Everybody waits in between, so that the fields of different requests alternate.
    const item = (userId: string): object => ({
      userId,
      next: () => wait(Math.random() * 5, { userId, list: () => wait(Math.random() * 5, [[{ userId }]]) }),
    })
    void app.register(mercurius, {
      schema,
      jit: 1,
      resolvers: { Query: { items: () => wait(Math.random() * 5, [item('ada'), item('bob')]) } },
    })
    const query = '{ items { userId next { userId list { userId } } } }'
    const ask = async (id: string | undefined): Promise<unknown> => {
      const headers =
        id === undefined ? {} : { who: JSON.stringify({ id, roles: [id === 'carol' ? 'staff' : 'reader'] }) }
      const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query }, headers })
      return answer.json<{ data: unknown }>().data
    }
    const none = { userId: null, next: null }
    const own = (userId: string): object => ({ userId, next: { userId, list: [[{ userId }]] } })
    const callers = ['ada', 'carol', 'bob', undefined]
    const expected = [
      [own('ada'), none],
      [own('ada'), own('bob')],
      [none, own('bob')],
      [none, none],
    ].map((items) => ({ items }))
    const seen = await Promise.all(Array.from({ length: 60 }, (_, index) => ask(callers[index % 4])))
    for (const [index, answer] of seen.entries()) expect(answer).toEqual(expected[index % 4])
    await app.close()
  })

  it('rules hold where graphql-gate tells the route its options, in a batch, and past a mutation that may run', async () => {
    const ran: string[] = []
    const app = guarded({})
    void app.register(depthLimit)
    void app.register(graphqlGate, { routes: { '/graphql': { access: { authenticated: true } } } })
    const run = (name: string) => () => {
      ran.push(name)
      return true
    }
    void app.register(mercurius, {
      schema,
      allowBatchedQueries: true,
      resolvers: { Mutation: { first: run('first'), second: run('second') } },
    })
    const entry = { query: 'mutation { first second again: first }' }
    const send = (headers: object) =>
      app.inject({ method: 'POST', url: '/graphql', payload: [entry, entry], headers: { ...headers } })
    expect((await send({})).statusCode).toBe(401)
    expect(ran).toEqual([])
    expect((await send(as(['user']))).json()).toMatchObject([
      { data: { first: true, second: null, again: true } },
      { data: { first: true, second: null, again: true } },
    ])
    expect(ran).toEqual(['first', 'first', 'first', 'first'])
    await app.close()
  })
})
