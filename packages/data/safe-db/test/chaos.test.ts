import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../src/index.ts'
import { chaoticApp, unleash } from './chaos.ts'
import { appWith, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_201)
const count = process.env['PORTCULLIS_TIER'] === 'deep' ? 10_000 : 2_000

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
  await database.admin(
    'create table later (id int, unique (id) deferrable initially deferred); grant all on later to app',
  )
})
afterAll(() => database.server.stop())

describe('requests that end in every way', () => {
  it(`${count} of them leak no connection, and nothing of one that failed stays`, async () => {
    const app = chaoticApp(database)
    await app.listen({ port: 0, host: '127.0.0.1' })
    try {
      await unleash(app, database, count, seed)
    } finally {
      await app.close()
    }
  }, 600_000)
})

describe('tenants that ask at once on few connections', () => {
  it(`see their own rows alone, in ${count} requests of every form`, async () => {
    await database.admin(`
      create role red_member nologin; create role blue_member nologin;
      grant select on orders to red_member, blue_member; grant red_member, blue_member to app;
      create schema red; create schema blue; create table red.marks (tenant text); create table blue.marks (tenant text);
      insert into red.marks values ('red'); insert into blue.marks values ('blue');
      grant usage on schema red, blue to red_member, blue_member; grant select on all tables in schema red, blue to red_member, blue_member;
    `)
    const app = appWith({
      dsn: database.dsn,
      poolSize: 3,
      maxWaiting: 10_000,
      poolWait: '60s',
      roles: ['red_member', 'blue_member'],
      context({ principal: { tenantId = '' } }) {
        const settings = { 'app.current_tenant_id': tenantId }
        return { settings, role: `${tenantId}_member`, searchPath: [tenantId, 'public'] }
      },
    })
    const rows = sql`select o.tenant as a, m.tenant as b, split_part(current_user, '_', 1) as c from orders o cross join marks m`
    app.get('/one', (request) => request.db.query(rows))
    app.get('/tx', (request) => request.db.tx((tx) => tx.tx((inner) => inner.query(rows))))
    app.get('/batch', async (request) => (await request.db.batch([sql`select 1 as one`, rows]))[1]?.rows)
    app.get('/request', { config: { db: { transaction: true } } }, (request) => request.db.query(rows))
    app.get('/fails', (request) => request.db.query(sql`select 1 / (length(current_user) * 0) as n`))
    await app.ready()
    const paths = ['/one', '/tx', '/batch', '/request', '/fails']
    let index = 0
    await Promise.all(
      Array.from({ length: 24 }, async () => {
        while (index < count) {
          const turn = index++
          const tenant = turn % 3 === 0 ? 'blue' : 'red'
          const url = paths[turn % paths.length] ?? '/one'
          const answer = await app.inject({ url, headers: { 'x-tenant': tenant } })
          if (url === '/fails') expect(answer.statusCode).toBe(400)
          else {
            const seen = answer.json<Record<string, string>[]>()
            expect(seen).toHaveLength(tenant === 'red' ? 2 : 1)
            for (const row of seen) expect(row).toEqual({ a: tenant, b: tenant, c: tenant })
          }
        }
      }),
    )
    expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0 })
    await app.close()
  }, 600_000)
})
