import accessControl, { ownedBy } from '@portcullis/access-control'
import type { AccessControlOptions } from '@portcullis/access-control'
import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import type { IdentifiedAs, SecurityEvent } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyContextConfig, FastifyInstance, InjectOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { requestThrough, SERVERS } from '../doors/servers.ts'
import { accept, acceptRefusalToBoot, verdictOf } from './acceptance.ts'
import { readPersonalData } from './flawed/log-success-only.ts'
import { hasPermission } from './flawed/permissions-by-name.ts'
import { authorizeField } from './flawed/swapped-arguments.ts'

const options: AccessControlOptions = {
  roles: {
    user: ['orders:read:self', 'profile:write:self'],
    manager: { inherits: ['user'], allow: ['orders:read:team', 'users:read:team'] },
    admin: ['admin:all'],
    suspended: { deny: ['orders:read'] },
  },
  scopes: { self: ownedBy('userId'), team: ownedBy('leaderId') },
}

const as = (id: string, ...roles: string[]): { who: string } => ({ who: JSON.stringify({ id, roles }) })

function register(app: FastifyInstance, withGate: boolean, more: AccessControlOptions = {}): void {
  void app.register(kernel, {
    environment: 'test',
    identify: ({ headers: { who } }) => (typeof who === 'string' ? (JSON.parse(who) as IdentifiedAs) : null),
  })
  if (withGate) void app.register(accessControl, { ...options, ...more })
}

interface GraphqlError {
  readonly path: readonly unknown[]
  readonly extensions: { readonly code?: string }
}

const order = { userId: 'ada', leaderId: 'grace' }

/** An app whose route has a decision; without the gate, nobody reads it. */
const routeThat =
  (access: FastifyContextConfig['access'], more: AccessControlOptions = {}) =>
  (withGate: boolean): FastifyInstance => {
    const app = Fastify()
    register(app, withGate, more)
    app.get(
      '/honest',
      { config: withGate ? { access: { public: 'it shows that the app works' } } : {} },
      () => 'ok',
    )
    app.get('/', { config: withGate ? { access } : {} }, () => ({ ok: true }))
    return app
  }

const honest = { url: '/honest' }
const get = async (app: FastifyInstance, headers: InjectOptions['headers'] = {}) =>
  verdictOf(await app.inject({ url: '/', headers }))

const eventsOf = (app: FastifyInstance): SecurityEvent[] => {
  const events: SecurityEvent[] = []
  app.securityEvents.subscribe((event) => void events.push(event))
  return events
}

describe('F52: a field is checked against the object it belongs to', () => {
  it('the flaw: with the arguments swapped, everybody owns everything', () => {
    const byOwner = authorizeField((object) => object.userId === 'ada')
    // Called as the library calls it: the caller's info first, then the object, which belongs to bob.
    expect(byOwner({ userId: 'ada' }, { userId: 'bob' })).toBe(true)
    expect(byOwner({ userId: 'eve' }, { userId: 'ada' })).toBe(false)
  })

  describe.each(SERVERS)('$name', (server) => {
    const schema = (withGate: boolean): string => `
      ${withGate ? 'directive @auth(requires: String, role: String, onDenied: String, personal: Boolean) on OBJECT | INTERFACE | FIELD_DEFINITION' : ''}
      type Query { orders: [Order] }
      type Order { id: ID  total: Int ${withGate ? '@auth(requires: "orders:read")' : ''} }`
    const orders = [
      { id: '1', userId: 'ada', total: 7 },
      { id: '2', userId: 'bob', total: 8 },
    ]
    accept('and refused with FIELD_AUTHORIZATION_ERROR where it is another’s', {
      build: (withGate) =>
        server.build({
          schema: schema(withGate),
          resolvers: { Query: { orders: () => orders } },
          register: (app) => {
            register(app, withGate)
            void app.register(depthLimit)
          },
        }),
      honest: requestThrough('post', { query: '{ orders { id } }' }),
      async assert(app) {
        const doors = server.doors.filter(
          (door) => door !== 'prepared' && door !== 'hash' && door !== 'batch',
        )
        for (const door of doors) {
          const request = requestThrough(door, {
            query: '{ orders { t: total ...f } } fragment f on Order { u: total }',
          })
          const answer = await app.inject({
            ...request,
            headers: { ...request.headers, ...as('ada', 'user') },
          })
          const { data, errors } = answer.json<{ data: unknown; errors: GraphqlError[] }>()
          expect(data).toEqual({
            orders: [
              { t: 7, u: 7 },
              { t: null, u: null },
            ],
          })
          expect(errors.map(({ path, extensions }) => [path.join('.'), extensions.code])).toEqual([
            ['orders.1.t', 'FIELD_AUTHORIZATION_ERROR'],
            ['orders.1.u', 'FIELD_AUTHORIZATION_ERROR'],
          ])
        }
      },
    })
  })
})

describe('F59: access to personal data, and its denial', () => {
  it('the flaw: who is turned away leaves no trace', () => {
    const entries: string[] = []
    expect(() => readPersonalData([], (entry) => entries.push(entry))).toThrow('forbidden')
    expect(entries).toEqual([])
    readPersonalData(['pii:read'], (entry) => entries.push(entry))
    expect(entries).toEqual(['pii:read'])
  })

  accept('are both events, once, with who it was', {
    build: routeThat(
      { permission: 'pii:read' },
      { roles: { support: ['pii:read'], guest: [] }, personalData: ['pii'] },
    ),
    honest,
    async assert(app) {
      const events = eventsOf(app)
      expect(await get(app, as('grace', 'support'))).toEqual([200, undefined])
      await get(app, as('eve', 'guest'))
      expect(
        events.map(({ type, outcome, details, principal }) => [type, outcome, details, principal?.id]),
      ).toEqual([
        ['data.accessed', 'allowed', { resource: 'pii', permission: 'pii:read' }, 'grace'],
        ['authz.denied', 'refused', { permission: 'pii:read', code: 'FORBIDDEN' }, 'eve'],
      ])
    },
  })
})

describe('F66: routes that demand a login', () => {
  accept('answer 401 with a challenge to whoever is not known', {
    build: routeThat({ authenticated: true }),
    honest,
    async assert(app) {
      expect(await get(app)).toEqual([401, 'UNAUTHENTICATED'])
      expect((await app.inject('/')).headers['www-authenticate']).toBe('Bearer')
      expect(await get(app, as('ada'))).toEqual([200, undefined])
    },
  })

  const undecided = (withGate: boolean): FastifyInstance => {
    const app = Fastify()
    register(app, withGate, { requireDecision: true })
    app.get('/forgotten', () => 'everybody reads this')
    return app
  }
  acceptRefusalToBoot(
    'a route that was forgotten keeps the app from starting',
    undecided,
    'GET /forgotten',
    'public',
  )
})

describe('F67: permissions by role, with scopes that mean something', () => {
  it('the flaw: a scope is a part of a name, and no role has what another has', () => {
    expect(hasPermission('user', 'orders:read')).toBe(false)
    expect(hasPermission('manager', 'orders:read:self')).toBe(false)
    expect(hasPermission('manager', 'profile:write:self')).toBe(false)
    // Whose order it is, nobody asks.
    expect(hasPermission('user', 'orders:read:self')).toBe(true)
  })

  accept('hold for the resource that is asked for, with inheritance, and a denial beats them', {
    build: routeThat({ permission: 'orders:read', resource: () => order }),
    honest,
    async assert(app) {
      expect(await get(app, as('ada', 'user'))).toEqual([200, undefined])
      expect(await get(app, as('bob', 'user'))).toEqual([403, 'FORBIDDEN'])
      expect(await get(app, as('grace', 'manager'))).toEqual([200, undefined])
      expect(await get(app, as('grace', 'user'))).toEqual([403, 'FORBIDDEN'])
      expect(await get(app, as('ada', 'manager', 'suspended'))).toEqual([403, 'FORBIDDEN'])
    },
  })

  accept('admin:all allows everything that is not denied, and each use is an event', {
    build: routeThat({ permission: 'orders:read' }),
    honest,
    async assert(app) {
      const events = eventsOf(app)
      for (let time = 0; time < 2; time++)
        expect(await get(app, as('root', 'admin'))).toEqual([200, undefined])
      expect(await get(app, as('root', 'admin', 'suspended'))).toEqual([403, 'FORBIDDEN'])
      expect(events.map(({ type, details }) => [type, (details as { action?: string }).action])).toEqual([
        ['admin.action', 'admin:all for orders:read'],
        ['admin.action', 'admin:all for orders:read'],
        ['authz.denied', undefined],
      ])
    },
  })
})

describe('F68: routes that demand a role', () => {
  accept('let in those who have it, or one that inherits it', {
    build: routeThat({ role: 'user' }),
    honest,
    async assert(app) {
      expect(await get(app, as('ada', 'user'))).toEqual([200, undefined])
      expect(await get(app, as('grace', 'manager'))).toEqual([200, undefined])
      expect(await get(app, as('root', 'admin'))).toEqual([403, 'FORBIDDEN'])
      expect(await get(app)).toEqual([401, 'UNAUTHENTICATED'])
    },
  })
})
