import type { FastifyInstance } from 'fastify'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import accessControl, { ownedBy, sameTenant } from '../src/index.ts'
import type { AccessRouteOptions } from '../src/index.ts'
import { ada, appWith, as, NOW } from './apps.ts'

const orders: Record<string, { id: string; userId: string; leaderId: string }> = {
  1: { id: '1', userId: 'ada', leaderId: 'grace' },
  2: { id: '2', userId: 'bob', leaderId: 'grace' },
}

/** A route whose handler tells that it ran. */
const routeWith =
  (access: AccessRouteOptions | false | undefined, ran: () => void = () => undefined) =>
  (app: FastifyInstance): void => {
    app.get<{ Params: { id: string } }>(
      '/orders/:id',
      { config: access === undefined ? {} : { access } },
      () => {
        ran()
        return 'ok'
      },
    )
  }

const verdict = async (app: FastifyInstance, headers: object, url = '/orders/1'): Promise<unknown[]> => {
  const { statusCode, body, headers: answered } = await app.inject({ url, headers: { ...headers } })
  const { code } = body.startsWith('{') ? (JSON.parse(body) as { code?: string }) : {}
  return [statusCode, code, answered['www-authenticate']].filter((part) => part !== undefined)
}

const byOrder: AccessRouteOptions = {
  permission: 'orders:read',
  resource: ({ params }) => orders[(params as { id: string }).id],
}

describe('a route', () => {
  it('that needs a permission knows who may, and refuses in the words of RFC 6750', async () => {
    const { app, events } = appWith({}, routeWith({ permission: 'users:read' }))
    expect(await verdict(app, {})).toEqual([401, 'UNAUTHENTICATED', 'Bearer'])
    expect(await verdict(app, ada)).toEqual([403, 'FORBIDDEN', 'Bearer error="insufficient_scope"'])
    expect(await verdict(app, as({ id: 'g', roles: ['manager'] }))).toEqual([200])
    expect(await verdict(app, as({ id: 'g', roles: ['manager', 'blocked'] }))).toEqual([
      403,
      'FORBIDDEN',
      'Bearer error="insufficient_scope"',
    ])
    expect(await verdict(app, as({ id: 't', permissions: ['users:read'] }))).toEqual([200])
    expect(events.map(({ type, outcome, details }) => ({ type, outcome, details }))).toEqual(
      ['UNAUTHENTICATED', 'FORBIDDEN', 'FORBIDDEN'].map((code) => ({
        type: 'authz.denied',
        outcome: 'refused',
        details: { permission: 'users:read', code },
      })),
    )
    await app.close()
  })

  it('that needs a role takes those who inherit it, and no other', async () => {
    const { app, events } = appWith({}, routeWith({ role: ['user', 'auditor'] }))
    for (const role of ['user', 'manager', 'auditor'])
      expect(await verdict(app, as({ id: 'x', roles: [role] }))).toEqual([200])
    for (const roles of [['admin'], ['User'], [], ['__proto__']])
      expect(await verdict(app, as({ id: 'x', roles }))).toEqual([403, 'FORBIDDEN'])
    expect(await verdict(app, {})).toEqual([401, 'UNAUTHENTICATED', 'Bearer'])
    expect(events.at(-1)?.details).toEqual({ roles: ['user', 'auditor'], code: 'UNAUTHENTICATED' })
    await app.close()
  })

  it('that needs a login takes anybody who is known; a public one takes everybody', async () => {
    const known = appWith({}, routeWith({ authenticated: true })).app
    expect(await verdict(known, as({ id: 'x' }))).toEqual([200])
    expect(await verdict(known, {})).toEqual([401, 'UNAUTHENTICATED', 'Bearer'])
    const open = appWith({ role: 'admin' }, routeWith({ public: 'a health check' })).app
    expect(await verdict(open, {})).toEqual([200])
    await Promise.all([known.close(), open.close()])
  })

  it('is closed before anything of a request is read or validated', async () => {
    const { app } = appWith({}, (one) => {
      one.post('/', {
        config: { access: { permission: 'users:read' } },
        schema: { body: { type: 'object', required: ['name'] } },
        handler: () => 'ok',
      })
    })
    const send = async (headers: object) =>
      (await app.inject({ method: 'POST', url: '/', payload: {}, headers: { ...headers } })).statusCode
    expect(await send({})).toBe(401)
    expect(await send(ada)).toBe(403)
    expect(await send(as({ id: 'g', roles: ['manager'] }))).toBe(400)
    await app.close()
  })

  it('tests the very resource it is about, after validation', async () => {
    const { app, events } = appWith({}, routeWith(byOrder))
    expect(await verdict(app, ada)).toEqual([200])
    expect(await verdict(app, ada, '/orders/2')).toEqual([403, 'FORBIDDEN'])
    expect(await verdict(app, ada, '/orders/3')).toEqual([403, 'FORBIDDEN'])
    const grace = as({ id: 'grace', roles: ['manager'] })
    expect(await verdict(app, grace, '/orders/2')).toEqual([200])
    const auditor = as({ id: 'ada', roles: ['auditor'] })
    expect(await verdict(app, auditor, '/orders/2')).toEqual([200])
    expect(await verdict(app, auditor, '/orders/1')).toEqual([403, 'FORBIDDEN'])
    // What cannot be told lifts no denial.
    expect(await verdict(app, auditor, '/orders/3')).toEqual([403, 'FORBIDDEN'])
    expect(events).toHaveLength(4)
    await app.close()
  })

  it('asks resolvers about the request alone where it names no resource, and waits for them', async () => {
    const scopes = {
      self: async ({ params, principal }: { params: unknown; principal: { id: string | null } }) =>
        (params as { id: string }).id === principal.id,
      team: () => undefined,
    }
    const { app } = appWith({ scopes }, routeWith({ permission: 'orders:read' }))
    expect(await verdict(app, ada, '/orders/ada')).toEqual([200])
    expect(await verdict(app, ada, '/orders/bob')).toEqual([403, 'FORBIDDEN'])
    await app.close()
  })

  it('stays closed where a resolver or a loader fails', async () => {
    let ran = 0
    const failing = () => {
      throw Object.assign(new Error('the row of ada@example.com'), { statusCode: 404, code: 'NO_ROW' })
    }
    const loader = appWith(
      {},
      routeWith({ permission: 'orders:read', resource: failing }, () => void ran++),
    ).app
    expect(await verdict(loader, ada)).toEqual([404, 'NO_ROW'])
    const scopes = { self: () => Promise.reject(new Error('away')), team: () => 'yes' as never }
    const resolver = appWith(
      { scopes },
      routeWith({ permission: 'orders:read' }, () => void ran++),
    ).app
    expect(await verdict(resolver, ada)).toEqual([500])
    expect(await verdict(resolver, as({ id: 'x', permissions: ['orders:read:team'] }))).toEqual([
      403,
      'FORBIDDEN',
    ])
    expect(ran).toBe(0)
    await Promise.all([loader.close(), resolver.close()])
  })

  it('that narrows by itself lets a scope in, and tells how far it reaches', async () => {
    const { app } = appWith({}, (one) => {
      const access = { permission: 'orders:read', narrows: true } as const
      one.get('/', { config: { access } }, (request) => request.access.reach('orders:read'))
    })
    const get = async (headers: object) =>
      (await app.inject({ url: '/', headers: { ...headers } })).json<unknown>()
    expect(await get(ada)).toEqual({ any: false, when: ['self'], unless: [] })
    expect(await get(as({ id: 'g', roles: ['manager'] }))).toEqual({
      any: false,
      when: ['self', 'team'],
      unless: [],
    })
    expect(await get(as({ id: 'a', roles: ['auditor'] }))).toEqual({ any: true, when: [], unless: ['self'] })
    expect(await get(as({ id: 'n', roles: ['blocked'] }))).toMatchObject({ code: 'FORBIDDEN' })
    await app.close()
  })

  it('may ask for a recent or strong login (RFC 9470)', async () => {
    const { app } = appWith({}, routeWith({ permission: 'users:read', maxAge: '5m', acr: ['phr', 'phrh'] }))
    const challenge =
      'Bearer error="insufficient_user_authentication", error_description="A more recent or a stronger login is needed", acr_values="phr phrh", max_age="300"'
    const stale = [401, 'INSUFFICIENT_USER_AUTHENTICATION', challenge]
    const manager = (facts: object) => as({ id: 'g', roles: ['manager'], ...facts })
    expect(await verdict(app, manager({ authTime: NOW - 60_000, acr: 'phr' }))).toEqual([200])
    expect(await verdict(app, manager({ authTime: NOW - 300_000, acr: 'phrh' }))).toEqual([200])
    for (const facts of [
      { authTime: NOW - 300_001, acr: 'phr' },
      { authTime: NOW, acr: 'pwd' },
      { authTime: NOW },
      { acr: 'phr' },
      {},
      // Seconds and microseconds where milliseconds belong.
      { authTime: NOW / 1000, acr: 'phr' },
      { authTime: NOW * 1000, acr: 'phr' },
    ])
      expect(await verdict(app, manager(facts)), JSON.stringify(facts)).toEqual(stale)
    // Another login helps nobody who may not in any case.
    expect(await verdict(app, ada)).toEqual([403, 'FORBIDDEN', 'Bearer error="insufficient_scope"'])
    await app.close()
  })

  it('in measure mode lets everybody in and tells each denial once', async () => {
    const { app, events } = appWith({ mode: 'measure' }, (one) => {
      routeWith({ permission: 'users:read' })(one)
      one.get('/own/:id', { config: { access: byOrder } }, () => 'ok')
    })
    expect(await verdict(app, {})).toEqual([200])
    expect(await verdict(app, ada)).toEqual([200])
    expect(await verdict(app, ada, '/own/2')).toEqual([200])
    expect(events.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['authz.denied', 'measured'],
      ['authz.denied', 'measured'],
      ['authz.denied', 'measured'],
    ])
    await app.close()
  })

  it('guards its HEAD twin, and leaves 404s and preflight routes alone', async () => {
    const { app } = appWith({ role: 'admin' }, (one) => {
      routeWith(undefined)(one)
      one.options('*', () => 'preflight')
      one.options('/closed', { config: { access: { role: 'admin' } } }, () => 'own')
      one.route({ method: ['GET', 'OPTIONS'], url: '/both', handler: () => 'ok' })
    })
    const status = async (method: 'GET' | 'HEAD' | 'OPTIONS', url: string) =>
      (await app.inject({ method, url })).statusCode
    expect(await status('HEAD', '/orders/1')).toBe(401)
    expect(await status('GET', '/nowhere')).toBe(404)
    expect(await status('OPTIONS', '/orders/1')).toBe(200)
    expect(await status('OPTIONS', '/closed')).toBe(401)
    expect(await status('OPTIONS', '/both')).toBe(401)
    await app.close()
  })
})

describe('a plugin that decides for its scope', () => {
  it('is replaced as a whole by what a route decides, but for the login it needs', async () => {
    const { app } = appWith(
      { permission: 'orders:read', resource: () => orders['2'], maxAge: '5m' },
      (one) => {
        one.get('/inherited', () => 'ok')
        one.get('/role', { config: { access: { role: 'user' } } }, () => 'ok')
        one.get('/public', { config: { access: { public: 'a status page' } } }, () => 'ok')
        one.get('/off', { config: { access: false } }, () => 'ok')
      },
    )
    const fresh = as({ id: 'ada', roles: ['user'], authTime: NOW })
    expect(await verdict(app, fresh, '/inherited')).toEqual([403, 'FORBIDDEN'])
    expect(await verdict(app, fresh, '/role')).toEqual([200])
    expect((await verdict(app, ada, '/role'))[1]).toBe('INSUFFICIENT_USER_AUTHENTICATION')
    expect(await verdict(app, {}, '/public')).toEqual([200])
    expect(await verdict(app, {}, '/off')).toEqual([200])
    await app.close()
  })

  it('tells what is decided over every route', async () => {
    const { app } = appWith({ role: 'admin' }, (one) => {
      one.get('/a', { exposeHeadRoute: false }, () => 'ok')
      one.post('/b', { config: { access: { permission: 'orders:read', mode: 'measure' } } }, () => 'ok')
      one.post('/c', { config: { access: { public: 'a webhook, signed' } } }, () => 'ok')
      one.post('/d', { config: { access: false } }, () => 'ok')
      one.post('/e', { config: { access: { authenticated: true } } }, () => 'ok')
      one.options('*', () => 'ok')
    })
    await app.ready()
    expect(app.access.coverage()).toEqual([
      { method: 'GET', url: '/a', decision: 'role', needs: ['admin'], reason: undefined, mode: 'enforce' },
      {
        method: 'POST',
        url: '/b',
        decision: 'permission',
        needs: ['orders:read'],
        reason: undefined,
        mode: 'measure',
      },
      {
        method: 'POST',
        url: '/c',
        decision: 'public',
        needs: [],
        reason: 'a webhook, signed',
        mode: 'enforce',
      },
      { method: 'POST', url: '/d', decision: 'off', needs: [], reason: undefined, mode: 'enforce' },
      { method: 'POST', url: '/e', decision: 'authenticated', needs: [], reason: undefined, mode: 'enforce' },
      { method: 'OPTIONS', url: '*', decision: 'preflight', needs: [], reason: undefined, mode: 'enforce' },
    ])
    await app.close()
  })
})

describe('requireDecision', () => {
  const boot = async (app: FastifyInstance): Promise<string> => {
    const failure: unknown = await app.ready().then(
      () => new Error('it booted'),
      (error: unknown) => error,
    )
    await app.close()
    return (failure as Error).message
  }

  it('names every route for which nobody said who may, in any order of registration', async () => {
    const app = Fastify()
    app.get('/before', () => 'ok')
    void app.register(async (scope) => void scope.post('/inner', () => 'ok'), { prefix: '/child' })
    void app.register(accessControl, { requireDecision: true })
    app.get('/decided', { config: { access: { authenticated: true } } }, () => 'ok')
    app.post('/off', { config: { access: false } }, () => 'ok')
    app.options('*', () => 'ok')
    const says = await boot(app)
    for (const route of ['GET /before', 'HEAD /before', 'POST /child/inner', 'POST /off'])
      expect(says).toContain(route)
    for (const route of ['/decided', 'OPTIONS']) expect(says).not.toContain(route)
    expect(says).toContain('public')
  })

  it('leaves alone what a registration of an inner scope answers for', async () => {
    const app = Fastify()
    void app.register(accessControl, { requireDecision: true, authenticated: true })
    void app.register(async (scope) => {
      void scope.register(accessControl, {})
      scope.get('/lenient', () => 'ok')
    })
    app.get('/', () => 'ok')
    expect(await boot(app)).toBe('it booted')
  })
})

describe('at boot', () => {
  it.each([
    ['an unknown scope', { permission: 'orders:read:selv' as const }, "Did you mean 'self'?"],
    ['an unknown role', { role: 'mangr' }, "Did you mean 'manager'?"],
    ['two decisions', { permission: 'orders:read' as const, role: 'user' }, 'keep one'],
    ['an empty reason', { public: '' }, 'the reason, in words'],
    ['a plugin option', { roles: {} } as AccessRouteOptions, 'access.roles is not an option'],
  ])('a route with %s is named', async (_what, access, says) => {
    const { app } = appWith({}, routeWith(access))
    await expect(app.ready()).rejects.toThrow('GET /orders/:id')
    await expect(app.ready()).rejects.toThrow(says)
    await app.close()
  })

  it('a permission that no role has is warned about, with what was meant', async () => {
    const lines: string[] = []
    const app = Fastify({
      logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } },
    })
    void app.register(accessControl, { roles: { user: ['orders:read'], admin: ['admin:all'] } })
    app.get('/a', { config: { access: { permission: 'order:read' } } }, () => 'ok')
    app.get('/b', { config: { access: { permission: 'orders:read' } } }, () => 'ok')
    await app.ready()
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain("'order:read' is asked for, and no role has it. Did you mean 'orders:read'?")
    await app.close()
  })
})

describe('resolvers', () => {
  const who = { principal: { id: '7', tenantId: 't' } } as never
  it.each([
    [ownedBy('userId'), { userId: '7' }, true],
    [ownedBy('userId'), { userId: 7 }, true],
    [ownedBy('userId'), { userId: '8' }, false],
    [ownedBy('userId'), { userId: '' }, undefined],
    [ownedBy('userId'), { userId: null }, undefined],
    [ownedBy('userId'), {}, undefined],
    [ownedBy('userId'), '7', undefined],
    [ownedBy('userId'), null, undefined],
    [ownedBy('userId'), { userId: { toString: () => '7' } }, undefined],
    [sameTenant(), { tenantId: 't' }, true],
    [sameTenant('org'), { org: 'u' }, false],
  ])('%# tell, or say that they cannot', (resolver, resource, answer) => {
    expect(resolver(who, resource)).toBe(answer)
  })

  it('take nobody for the owner of nothing', () => {
    const nobody = { principal: { id: null, tenantId: undefined } } as never
    expect(ownedBy('userId')(nobody, { userId: 'null' })).toBe(false)
    expect(ownedBy('userId')(nobody, { userId: null })).toBeUndefined()
    expect(sameTenant()(nobody, { tenantId: 'undefined' })).toBe(false)
  })
})
