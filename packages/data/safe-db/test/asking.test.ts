import kernel from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import safeDb, { hardeningSql, signedContextSql, sql } from '../src/index.ts'
import type { SafeDbOptions } from '../src/index.ts'
import { appWith, eventsOf, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
const apps: FastifyInstance[] = []
const SECRET = 'a secret of at least thirty-two characters'

beforeAll(async () => {
  database = await startDatabase()
  await database.admin(`
    create role member nologin; create role editor nologin; create role powerful nologin bypassrls;
    grant select on orders, things to member; grant select, insert, update, delete on things to editor;
    grant member, powerful to app;
    create schema red; create schema blue;
    create table red.notes (body text); insert into red.notes values ('of red');
    create table blue.notes (body text); insert into blue.notes values ('of blue');
    grant usage on schema red, blue to app, member; grant select on red.notes, blue.notes to app, member;
  `)
})
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))
afterAll(() => database.server.stop())

function build(options: Partial<SafeDbOptions> = {}): FastifyInstance {
  const app = appWith({ dsn: database.dsn, poolSize: 2, ...options })
  apps.push(app)
  return app
}
const WHO = sql`select current_user as who, current_setting('app.tenant', true) as tenant, current_setting('search_path') as path`
const ask = async (app: FastifyInstance, tenant = 'red', url = '/') =>
  (await app.inject({ url, headers: { 'x-tenant': tenant } })).json<Record<string, unknown>>()

describe('a context', () => {
  it('sets settings, role and search path for the transaction of a statement, and leaves none of them', async () => {
    const app = build({
      roles: ['member'],
      poolSize: 1,
      context: ({ principal }) => ({
        settings: { 'app.tenant': principal.tenantId ?? '' },
        role: 'member',
        searchPath: [principal.tenantId ?? 'none'],
      }),
    })
    app.get('/', (request) => request.db.one(WHO))
    app.get('/notes', (request) => request.db.one(sql`select body from notes`))
    app.get('/tx', (request) =>
      request.db.tx((tx) => tx.one(sql`select body, current_user as who from notes`)),
    )
    app.get('/nobody', () => app.db.one(WHO))
    expect(await ask(app)).toEqual({ who: 'member', tenant: 'red', path: '"red", pg_temp' })
    // More often than it takes to prepare it: the same text means another table for another tenant.
    for (let round = 0; round < 8; round++) {
      for (const tenant of ['red', 'blue']) {
        expect(await ask(app, tenant, '/notes')).toEqual({ body: `of ${tenant}` })
        expect(await ask(app, tenant, '/tx')).toEqual({ body: `of ${tenant}`, who: 'member' })
      }
    }
    expect(await ask(app, 'red', '/nobody')).toEqual({ who: 'app', tenant: '', path: '"$user", public' })
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['nothing in it', {}],
    ['the settings alone, as they were once', { 'app.tenant': 'red' }],
    ['a setting of the server', { settings: { search_path: 'red' } }],
    ['a setting that is no string', { settings: { 'app.tenant': 7 } }],
    ['a setting with NUL', { settings: { 'app.tenant': 'a\u0000b' } }],
    ['a name that would end the quotes', { settings: { "app.a'b": 'x' } }],
    ['a role that is not in the list', { role: 'editor' }],
    ['a role that is no role', { role: 'none' }],
    ['a schema of temporary tables', { searchPath: ['pg_temp'] }],
    ['the variable of the search path', { searchPath: ['$user'] }],
    ['a schema with quotes', { searchPath: ['a", "b'] }],
    ['a schema that is too long', { searchPath: ['ü'.repeat(32)] }],
    ['no schema', { searchPath: [] }],
  ])('of %s refuses before a connection is taken', async (_name, context) => {
    const app = build({ roles: ['member'], context: () => context as never, poolSize: 1 })
    let taken = -1
    app.get('/', async (request) => {
      const refused = request.db.query(WHO)
      taken = app.db.status.write.taken
      return refused
    })
    expect(await ask(app)).toMatchObject({ code: 'DATABASE_CONTEXT_MISSING', statusCode: 500 })
    expect(taken).toBe(0)
  })

  it('that is required refuses anonymous requests and app.db before a connection is taken, and system says why', async () => {
    const app = build({
      requirePrincipal: true,
      systemContext: (reason) => ({ settings: { 'app.tenant': reason } }),
    })
    app.get('/', (request) => request.db.one(WHO))
    app.get('/open', { config: { db: { requirePrincipal: false } } }, (request) => request.db.one(WHO))
    app.get('/login', (request) => request.db.system('a login').one(WHO))
    await app.ready()
    const events = eventsOf(app)
    for (const run of [
      () => app.db.query(WHO),
      () => app.db.tx((tx) => tx.query(WHO)),
      () => app.db.batch([WHO]),
    ]) {
      await expect(run()).rejects.toMatchObject({ code: 'DATABASE_CONTEXT_MISSING' })
    }
    expect((await app.inject('/')).json()).toMatchObject({ code: 'DATABASE_CONTEXT_MISSING' })
    expect((await app.inject('/open')).statusCode).toBe(200)
    events.length = 0
    expect((await app.inject('/login')).json()).toMatchObject({ tenant: 'a login' })
    expect(await app.db.system('nightly').one(WHO)).toMatchObject({ tenant: 'nightly' })
    expect(events.map(({ type, details }) => [type, (details as { reason?: string }).reason])).toEqual([
      ['db.system', 'a login'],
      ['db.query', 'a login'],
      ['db.system', 'nightly'],
      ['db.query', 'nightly'],
    ])
    for (const reason of ['', ' ', 'x'.repeat(201), undefined]) {
      expect(() => app.db.system(reason as never)).toThrow(
        expect.objectContaining({ code: 'DATABASE_CONTEXT_MISSING' }),
      )
    }
  })
})

describe('what a request may do', () => {
  const write = (request: FastifyRequest) => request.db.exec(sql`update things set amount = 0`)

  it('is told by its method, unless the route says otherwise', async () => {
    const app = build({ access: 'method' })
    app.route({ method: ['GET', 'HEAD', 'POST', 'DELETE'], url: '/', handler: write })
    app.get('/written', { config: { db: { access: 'write' } } }, write)
    app.post('/read', { config: { db: { access: 'read' } } }, write)
    app.get('/tx', (request) => request.db.tx((tx) => tx.exec(sql`update things set amount = 0`)))
    app.get('/batch', (request) => request.db.batch([sql`update things set amount = 0`]))
    const status = async (method: 'GET' | 'HEAD' | 'POST' | 'DELETE', url: string) =>
      (await app.inject({ method, url })).statusCode
    expect(
      await Promise.all((['GET', 'HEAD', 'POST', 'DELETE'] as const).map((method) => status(method, '/'))),
    ).toEqual([403, 403, 200, 200])
    expect([await status('GET', '/written'), await status('POST', '/read')]).toEqual([200, 403])
    expect([await status('GET', '/tx'), await status('GET', '/batch')]).toEqual([403, 403])
  })

  it('is told by the operations of a GraphQL request, where they are known', async () => {
    const app = build({ access: 'method' })
    app.decorateRequest('graphqlOperations', {
      getter(this: FastifyRequest) {
        const { kinds = '' } = this.query as { kinds?: string }
        return kinds.split(',').map((kind) => ({ kind, name: undefined, rootFields: [] }))
      },
    } as never)
    app.route({ method: ['GET', 'POST'], url: '/', handler: write })
    for (const [kinds, expected] of [
      ['query', 403],
      ['query,query', 403],
      ['query,mutation', 200],
      ['mutation', 200],
      ['subscription', 200],
    ] as const) {
      expect((await app.inject({ method: 'POST', url: `/?kinds=${kinds}` })).statusCode).toBe(expected)
      // A mutation over a WebSocket came of a GET.
      expect((await app.inject(`/?kinds=${kinds}`)).statusCode).toBe(expected)
    }
  })
})

describe('the app does not start', () => {
  const complaintOf = async (options: Partial<SafeDbOptions>): Promise<string> => {
    const app = build(options)
    return app.ready().then(
      () => 'started',
      (error: Error) => error.message,
    )
  }

  it('with roles that it may not become, or that bypass policies', async () => {
    expect(await complaintOf({ roles: ['editor'] })).toMatch(/db\.roles names editor.*may not become/)
    expect(await complaintOf({ roles: ['absent'] })).toMatch(/absent/)
    expect(await complaintOf({ roles: ['member', 'powerful'] })).toMatch(/powerful.*BYPASSRLS/)
    expect(await complaintOf({ roles: ['member'] })).toBe('started')
  })

  it('M13: with a search path that is not there, or in which anybody may create something', async () => {
    expect(await complaintOf({ searchPath: ['absent'] })).toMatch(/absent.*not there/)
    await database.admin('create schema loose; grant create, usage on schema loose to member')
    // Its role has what `member` has.
    expect(await complaintOf({ searchPath: ['red', 'loose'] })).toMatch(/loose.*Revoke create/)
    await database.admin('revoke create on schema loose from member')
    expect(await complaintOf({ searchPath: ['red', 'loose'], roles: ['member'] })).toBe('started')
    await database.admin('grant create on schema loose to public')
    expect(await complaintOf({ searchPath: ['red', 'loose'] })).toMatch(/loose/)
    expect(await complaintOf({ searchPath: ['pg_temp'] })).toMatch(/db\.searchPath/)
    const app = build({ searchPath: ['red'] })
    await app.ready()
    expect(await app.db.one(sql`select body from notes`)).toEqual({ body: 'of red' })
  })

  it('M12: with policies that hold for nobody, or not for the role that owns the table', async () => {
    await database.admin('create table unforced (id int); create policy p on unforced using (true)')
    expect(await complaintOf({})).toMatch(/public\.unforced hold for nobody.*enable row level security/)
    await database.admin('alter table unforced enable row level security; alter table unforced owner to app')
    expect(await complaintOf({})).toMatch(/public\.unforced.*force row level security/)
    await database.admin('alter table unforced force row level security')
    expect(await complaintOf({})).toBe('started')
    await database.admin('drop table unforced')
  })
})

describe('a context that SQL cannot change', () => {
  it('after hardening: only the packet sets it, and what runs in it cannot', async () => {
    const own = await startDatabase()
    try {
      await own.admin('create role member nologin; grant select on orders, things to member')
      await own.admin(hardeningSql({ login: 'app', roles: ['member'], database: 'postgres' }))
      const app = appWith({
        dsn: own.dsn,
        roles: ['member'],
        context: ({ principal }) => ({
          settings: { 'app.current_tenant_id': principal.tenantId ?? '' },
          role: 'member',
        }),
      })
      apps.push(app)
      app.get('/', (request) => request.db.query(sql`select id from orders order by id`))
      const attacks = [
        sql`select set_config('app.current_tenant_id', 'blue', true)`,
        sql`select query_to_xml('select set_config(''app.current_tenant_id'', ''blue'', true)', true, true, '')`,
        sql`update pg_settings set setting = 'blue' where name = 'app.current_tenant_id'`,
        sql`select set_config('role', 'none', true)`,
        sql`select pg_advisory_lock(1)`,
        sql`select lo_create(0)`,
        sql`select 1 as one into temp table mine`,
      ]
      for (const [index, attack] of attacks.entries()) {
        app.get(`/${index}`, (request) => request.db.exec(attack))
        app.get(`/tx/${index}`, (request) => request.db.tx((tx) => tx.exec(attack)))
      }
      expect(await ask(app)).toEqual([{ id: 1 }, { id: 2 }])
      for (const index of attacks.keys()) {
        expect(await ask(app, 'red', `/${index}`), String(index)).toMatchObject({
          code: 'DATABASE_FORBIDDEN',
        })
        expect(await ask(app, 'red', `/tx/${index}`), String(index)).toMatchObject({
          code: 'DATABASE_FORBIDDEN',
        })
      }
      expect(await ask(app)).toEqual([{ id: 1 }, { id: 2 }])
    } finally {
      await Promise.all(apps.splice(0).map((app) => app.close()))
      await own.server.stop()
    }
  })

  it('signed: a forged, changed or old one is refused, none shows nothing, and the key cannot be read', async () => {
    await database.admin(`
      create table signed_orders (id int, tenant text); insert into signed_orders values (1, 'red'), (2, 'blue');
      alter table signed_orders enable row level security; alter table signed_orders force row level security;
      grant select on signed_orders to app;
    `)
    const long = 'x'.repeat(100)
    const keys = [
      { id: 'one', secret: SECRET },
      { id: 'two', secret: long },
    ]
    await database.admin(signedContextSql({ roles: ['app'], keys }))
    await database.admin(
      "create policy own on signed_orders using (tenant = (select portcullis.context() ->> 'app.current_tenant_id'))",
    )
    const rows = sql`select id from signed_orders`
    for (const { id, secret } of keys) {
      const app = build({ signedContext: { id, secret } })
      app.get('/', (request) => request.db.query(rows))
      app.get('/token', (request) =>
        request.db.one(sql`select current_setting('portcullis.context') as token`),
      )
      app.get<{ Querystring: { token: string } }>('/forge', (request) =>
        request.db.tx(async (tx) => {
          await tx.exec(sql`select set_config('portcullis.context', ${request.query.token}, true)`)
          return tx.query(rows)
        }),
      )
      expect(await ask(app)).toEqual([{ id: 1 }])
      expect(await ask(app, 'blue')).toEqual([{ id: 2 }])
      expect(await app.db.query(rows)).toEqual([])
      const { token } = (await ask(app, 'blue', '/token')) as { token: string }
      const parts = token.split(':')
      const changed = (index: number, value: string): string => parts.with(index, value).join(':')
      const forged = [
        changed(3, Buffer.from('{"app.current_tenant_id":"red"}').toString('base64')),
        changed(2, String(Number(parts[2]) + 1)),
        changed(4, '0'.repeat(64)),
        changed(1, id === 'one' ? 'two' : 'one'),
        changed(1, 'three'),
        changed(0, 'v2'),
        `${token}:more`,
        token.slice(0, -1),
        'red',
        ':',
        '::::',
      ]
      for (const attempt of forged) {
        const answer = await app.inject({
          url: '/forge',
          query: { token: attempt },
          headers: { 'x-tenant': 'red' },
        })
        expect(answer.json(), attempt).toMatchObject({ code: 'DATABASE_FORBIDDEN' })
      }
      await expect(app.db.query(sql`select * from portcullis.context_keys`)).rejects.toMatchObject({
        code: 'DATABASE_FORBIDDEN',
      })
    }
    // An old one: the transaction begins after its time.
    const old = build({ signedContext: { id: 'one', secret: SECRET, lifetime: 1 } })
    old.get('/', async (request) => {
      const { token } = await request.db.one<{ token: string }>(
        sql`select current_setting('portcullis.context') as token`,
      )
      await new Promise((resolve) => setTimeout(resolve, 2_100))
      return old.db.tx(async (tx) => {
        await tx.exec(sql`select set_config('portcullis.context', ${token}, true)`)
        return tx.query(rows)
      })
    })
    expect(await ask(old)).toMatchObject({ code: 'DATABASE_FORBIDDEN' })
    // A key that is not named any more is forgotten.
    await database.admin(signedContextSql({ roles: ['app'], keys: [{ id: 'two', secret: long }] }))
    const forgotten = build({ signedContext: { id: 'one', secret: SECRET } })
    forgotten.get('/', (request) => request.db.query(rows))
    expect(await ask(forgotten)).toMatchObject({ code: 'DATABASE_FORBIDDEN' })
  })

  it('takes no names that would end its quotes', () => {
    expect(hardeningSql({ login: 'a"b', roles: [], database: 'd' })).toContain('"a""b"')
    expect(() => hardeningSql({ login: 'a\u0000', roles: [], database: 'd' })).toThrow(/identifier/)
    expect(() => signedContextSql({ roles: ['app'], keys: [{ id: "a'b", secret: SECRET }] })).toThrow(
      /identifier/,
    )
  })
})

describe('two registrations', () => {
  it('ask each in its own way, whatever was registered first', async () => {
    for (const order of ['child first', 'root first']) {
      const app = Fastify()
      apps.push(app)
      const root = () =>
        app.register(safeDb, {
          dsn: database.dsn,
          tls: 'disable',
          context: () => ({ settings: { 'app.tenant': 'root' } }),
        })
      if (order === 'root first') root()
      app.get('/', (request) => request.db.one(WHO))
      void app.register(async (child) => {
        child.get('/child', (request) => request.db.one(WHO))
        void child.register(safeDb, {
          dsn: database.dsn,
          tls: 'disable',
          context: () => ({ settings: { 'app.tenant': 'child' } }),
        })
      })
      if (order === 'child first') root()
      void app.register(kernel, { environment: 'production', identify: () => null })
      expect(await ask(app)).toMatchObject({ tenant: 'root' })
      expect(await ask(app, 'red', '/child')).toMatchObject({ tenant: 'child' })
    }
  })
})
