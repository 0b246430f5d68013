import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { describe, expect, it } from 'vitest'
import { codedError, decide, identifyBy, kernel } from '../src/index.ts'
import type { Identify } from '../src/index.ts'

async function ask(
  identify: Identify | undefined,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const app = Fastify()
  await app.register(kernel, { identify })
  app.get('/', async (request) => ({
    ...(await request.resolvePrincipal()),
    same: request.principal === (await request.resolvePrincipal()),
  }))
  const answer = await app.inject({ url: '/', headers })
  await app.close()
  return { status: answer.statusCode, body: answer.json() }
}

describe('principal', () => {
  it('is anonymous without identify, and where identify answers null', async () => {
    for (const identify of [undefined, () => null, async () => undefined]) {
      expect(await ask(identify)).toEqual({
        status: 200,
        body: { kind: 'anonymous', id: null, roles: [], permissions: [], same: true },
      })
    }
  })

  it('fills in what identify leaves out', async () => {
    const answer = await ask((request) => ({ id: String(request.headers['x-user']), tenantId: 'acme' }), {
      'x-user': 'ada',
    })
    expect(answer.body).toEqual({
      kind: 'user',
      id: 'ada',
      tenantId: 'acme',
      roles: [],
      permissions: [],
      same: true,
    })
  })

  it.each([
    ['an empty id', { id: '' }],
    ['an id that is no string', { id: 5 as never }],
    ['an over-long id', { id: 'x'.repeat(1025) }],
    ['an unknown kind', { id: 'ada', kind: 'root' as never }],
    ['roles that are no strings', { id: 'ada', roles: [1] as never }],
    ['permissions that are no array', { id: 'ada', permissions: 'all' as never }],
    ['a tenant that is no string', { id: 'ada', tenantId: {} as never }],
    ['a time of authentication that is no number', { id: 'ada', authTime: Number.NaN }],
    ['an authentication class that is no string', { id: 'ada', acr: '' }],
  ])('fails closed on %s, without telling it', async (_name, answer) => {
    const { status, body } = await ask(() => answer)
    expect(status).toBe(500)
    expect(body['code']).toBe('PORTCULLIS_KERNEL_INVALID_PRINCIPAL')
  })

  it('keeps when and how the caller proved who they are', async () => {
    const { body } = await ask(() => ({ id: 'ada', authTime: 1_700_000_000_000, acr: 'phr' }))
    expect(body).toMatchObject({ authTime: 1_700_000_000_000, acr: 'phr' })
  })

  it('comes from a gate that authenticates, which stands in for the option', async () => {
    const app = Fastify()
    void app.register(kernel)
    void app.register(fp(async (scope) => identifyBy(scope, () => ({ id: 'ada' }))))
    app.get('/', async (request) => request.resolvePrincipal())
    expect((await app.inject('/')).json()).toMatchObject({ id: 'ada' })
    expect(() => identifyBy(app, () => null)).toThrow(
      expect.objectContaining({ code: 'PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION' }),
    )
    await app.close()
  })

  it('asks identify once for a request, and not before somebody asks', async () => {
    let asked = 0
    const app = Fastify()
    await app.register(kernel, {
      identify: () => {
        asked += 1
        return { id: 'ada' }
      },
    })
    app.get('/quiet', async () => 'ok')
    app.get('/curious', async (request) =>
      Promise.all([request.resolvePrincipal(), request.resolvePrincipal()]),
    )
    await app.inject('/quiet')
    expect(asked).toBe(0)
    await app.inject('/curious')
    expect(asked).toBe(1)
    await app.close()
  })

  it('throws a coded error when it is read too early, instead of freezing "anonymous"', async () => {
    const app = Fastify()
    await app.register(kernel, { identify: () => ({ id: 'ada' }) })
    app.get('/', async (request) => request.principal)
    const answer = await app.inject('/')
    expect(answer.json()).toMatchObject({ statusCode: 500, code: 'PORTCULLIS_KERNEL_PRINCIPAL_NOT_RESOLVED' })
    await app.close()
  })

  it('comes from the nearest scope, in either order of registration', async () => {
    for (const rootFirst of [true, false]) {
      const app = Fastify()
      const who = async (request: {
        resolvePrincipal(): Promise<{ id: string | null }>
      }): Promise<string | null> => (await request.resolvePrincipal()).id
      if (rootFirst) void app.register(kernel, { identify: () => ({ id: 'outer' }) })
      void app.register(
        async (child) => {
          void child.register(kernel, { identify: () => ({ id: 'inner' }) })
          child.get('/', who)
        },
        { prefix: '/child' },
      )
      if (!rootFirst) void app.register(kernel, { identify: () => ({ id: 'outer' }) })
      app.get('/', who)
      expect((await app.inject('/')).body).toBe('outer')
      expect((await app.inject('/child/')).body).toBe('inner')
      await app.close()
    }
  })

  it('refuses two in one scope', async () => {
    const app = Fastify()
    const identify = (): null => null
    void app.register(kernel, { identify })
    void app.register(kernel, { identify })
    await expect(app.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION' })
  })

  it('keeps from the client what identify throws, unless it was meant for the client', async () => {
    const failing = async (error: unknown): Promise<[number, string]> => {
      const app = Fastify()
      await app.register(kernel, {
        identify: async () => {
          throw error
        },
      })
      app.get('/', async (request) => request.resolvePrincipal())
      const answer = await app.inject('/')
      await app.close()
      return [answer.statusCode, answer.body]
    }
    const [status, body] = await failing(new Error('connection to db.internal refused for secret-user'))
    expect(status).toBe(500)
    expect(body).toContain('PORTCULLIS_KERNEL_IDENTIFY_FAILED')
    expect(body).not.toContain('secret-user')
    const unauthorized = Object.assign(new Error('Authorization token expired'), { statusCode: 401 })
    expect((await failing(unauthorized))[0]).toBe(401)
    expect((await failing(undefined))[0]).toBe(500)
    const Away = codedError('AWAY', 'Ask again later.', 503)
    expect(await failing(new Away())).toEqual([503, expect.stringContaining('AWAY')])
    const unavailable = Object.assign(new Error('db.internal is away'), { statusCode: 503 })
    expect((await failing(unavailable))[1]).not.toContain('db.internal')
  })

  it('asks again in a later stage while nobody is known, so that routes may authenticate in their own hooks', async () => {
    const app = Fastify()
    const seen: unknown[] = []
    let asked = 0
    await app.register(kernel, {
      identify: (request) => {
        asked += 1
        const { user } = request as { user?: string }
        return user === undefined ? null : { id: user }
      },
    })
    const look = async (request: FastifyRequest): Promise<undefined> =>
      void seen.push((await request.resolvePrincipal()).id)
    decide(app, { stage: 'onRequest', phase: 'principal', name: 'early', run: look })
    decide(app, { stage: 'preHandler', phase: 'resource', name: 'late', run: look })
    const authenticate = async (request: FastifyRequest): Promise<void> => {
      Object.assign(request, { user: 'ada' })
    }
    app.get('/', { preValidation: authenticate }, async (request) => seen.push(request.principal.id))
    await app.inject('/')
    expect(seen).toEqual([null, 'ada', 'ada'])
    expect(asked).toBe(2)
    await app.close()
  })
})
