import type { FastifyInstance, FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { AccessControlOptions } from '../src/index.ts'
import { ada, appWith, as } from './apps.ts'

const admin = as({ id: 'root', roles: ['admin'] })

function asking(work: (request: FastifyRequest) => unknown, options?: AccessControlOptions) {
  return appWith(options, (app) => void app.get('/', async (request) => ({ answer: await work(request) })))
}

const send = async (app: FastifyInstance, headers: object = {}) => {
  const answer = await app.inject({ url: '/', headers: { ...headers } })
  return [answer.statusCode, answer.json<{ answer?: unknown; code?: string }>()] as const
}

describe('request.can', () => {
  it('answers by role, scope and resource, for nobody too, without an event', async () => {
    const { app, events } = asking(async (request) => [
      await request.can('orders:read', { userId: 'ada' }),
      await request.can('orders:read:self', { userId: 'ada' }),
      await request.can('orders:read:team', { userId: 'ada', leaderId: 'ada' }),
      await request.can('orders:read', { userId: 'bob' }),
      await request.can('orders:read'),
      await request.can('orders:write', { userId: 'ada' }),
    ])
    expect((await send(app, ada))[1].answer).toEqual([true, true, false, false, false, false])
    expect((await send(app))[1].answer).toEqual([false, false, false, false, false, false])
    expect(events).toEqual([])
    await app.close()
  })

  it('is the same in measure mode, where only refusals are not made', async () => {
    const { app } = asking((request) => request.can('users:read'), { mode: 'measure' })
    expect((await send(app, ada))[1].answer).toBe(false)
    await app.close()
  })

  it.each(['orders', 'orders:read:galaxy', '', 'admin:all:self'])(
    'takes %j for a defect of the code',
    async (text) => {
      const { app } = asking((request) => request.can(text as never))
      expect(await send(app, ada)).toMatchObject([
        500,
        { code: 'PORTCULLIS_ACCESS_CONTROL_INVALID_PERMISSION' },
      ])
      await app.close()
    },
  )

  it('tells each use of admin:all, once for a request and permission', async () => {
    const { app, events } = asking(async (request) => {
      for (let time = 0; time < 3; time++) await request.can('orders:read')
      return request.can('users:read')
    })
    await send(app, admin)
    expect(
      events.map(({ type, severity, details, principal }) => [type, severity, details, principal?.id]),
    ).toEqual([
      ['admin.action', 'WARNING', { action: 'admin:all for orders:read' }, 'root'],
      ['admin.action', 'WARNING', { action: 'admin:all for users:read' }, 'root'],
    ])
    await app.close()
  })
})

describe('request.access.demand', () => {
  const work = (request: FastifyRequest) => request.access.demand('orders:read', { userId: 'bob' })

  it('throws what a route would answer, with its challenge and an event', async () => {
    const { app, events } = asking(work)
    expect(await send(app, ada)).toMatchObject([403, { code: 'FORBIDDEN' }])
    const answer = await app.inject('/')
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect(events.map(({ type, outcome, details }) => [type, outcome, details])).toEqual([
      ['authz.denied', 'refused', { permission: 'orders:read', roles: undefined, code: 'FORBIDDEN' }],
      ['authz.denied', 'refused', { permission: 'orders:read', roles: undefined, code: 'UNAUTHENTICATED' }],
    ])
    expect(await send(app, as({ id: 'bob', roles: ['user'] }))).toMatchObject([200, {}])
    await app.close()
  })

  it('in measure mode only tells', async () => {
    const { app, events } = asking(work, { mode: 'measure' })
    expect((await send(app, ada))[0]).toBe(200)
    expect(events.map(({ outcome }) => outcome)).toEqual(['measured'])
    await app.close()
  })
})

describe('personal data', () => {
  it('is told when it may be read, by route, resource and demand, and never when it may not', async () => {
    const { app, events } = appWith({ personalData: ['users'] }, (one) => {
      one.get('/users', { config: { access: { permission: 'users:read' } } }, () => [])
      one.get('/me', { config: { access: { authenticated: true, personal: true } } }, () => 'me')
      one.get('/count', { config: { access: { permission: 'users:read', personal: false } } }, () => 7)
      one.get('/demand', (request) => request.access.demand('users:read'))
      one.get('/bare', () => 'ok')
    })
    const manager = as({ id: 'grace', roles: ['manager'] })
    for (const url of ['/users', '/me', '/count', '/demand', '/bare'])
      expect((await app.inject({ url, headers: manager })).statusCode, url).toBe(200)
    expect(
      events.map(({ type, outcome, details, principal }) => [type, outcome, details, principal?.id]),
    ).toEqual([
      ['data.accessed', 'allowed', { resource: 'users', permission: 'users:read' }, 'grace'],
      ['data.accessed', 'allowed', { resource: '/me', permission: undefined }, 'grace'],
      ['data.accessed', 'allowed', { resource: 'users', permission: 'users:read' }, 'grace'],
    ])
    events.length = 0
    await app.inject({ url: '/users', headers: ada })
    expect(events.map(({ type }) => type)).toEqual(['authz.denied'])
    await app.close()
  })
})

describe('settings for row-level security', () => {
  it('say what of the matrix holds for somebody, and close what has an exception', async () => {
    const { app } = appWith()
    await app.ready()
    const settingsFor = (roles: string[], permissions: string[] = [], options?: { resources: string[] }) =>
      app.access.settingsFor({ kind: 'user', id: 'ada', tenantId: 'red', roles, permissions }, options)
    expect(settingsFor(['manager', 'stranger; drop'])).toEqual({
      'app.current_user_id': 'ada',
      'app.current_tenant_id': 'red',
      'app.roles': 'user manager',
      'app.permissions': 'orders:read:self orders:read:team profile:write:self users:read',
    })
    expect(settingsFor(['auditor'])['app.permissions']).toBe('')
    expect(settingsFor(['admin', 'blocked'])['app.permissions']).toBe('profile:write')
    expect(settingsFor([], ['bills:read', 'openid', 'admin:all', 'orders:read:x'])['app.permissions']).toBe(
      'bills:read',
    )
    expect(settingsFor(['admin'], [], { resources: ['orders'] })['app.permissions']).toBe('orders:read')
    expect(app.access.settingsFor({ kind: 'anonymous', id: null, roles: [], permissions: [] })).toEqual({
      'app.current_user_id': '',
      'app.current_tenant_id': '',
      'app.roles': '',
      'app.permissions': '',
    })
    await app.close()
  })
})
