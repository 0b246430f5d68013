import accessControl from '@portcullis/access-control'
import kernel from '@portcullis/kernel'
import { startPostgres } from '@portcullis/kernel/testing'
import type { PostgresServer } from '@portcullis/kernel/testing'
import safeDb, { sql } from '@portcullis/safe-db'
import Fastify from 'fastify'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
  const owner = new pg.Client({ connectionString: postgres.url })
  await owner.connect()
  await owner.query(`
    create role app login password 'app';
    create table orders (id int, user_id text, tenant_id text);
    insert into orders values (1, 'ada', 'red'), (2, 'bob', 'red'), (3, 'eve', 'blue');
    alter table orders enable row level security;
    alter table orders force row level security;
    create function permits(permission text) returns boolean stable language sql as
      $$ select permission = any(string_to_array(current_setting('app.permissions', true), ' ')) $$;
    create policy reading on orders for select using (
      permits('orders:read')
      or (permits('orders:read:tenant') and tenant_id = nullif(current_setting('app.current_tenant_id', true), ''))
      or (permits('orders:read:self') and user_id = nullif(current_setting('app.current_user_id', true), ''))
    );
    grant select on orders to app;
  `)
  await owner.end()
})
afterAll(() => postgres.stop())

describe('row-level security from the matrix', () => {
  it('shows each caller the rows that the same permissions reach on a route', async () => {
    const app = Fastify()
    void app.register(kernel, {
      environment: 'test',
      identify: ({ headers: { role } }) =>
        typeof role === 'string' ? { id: 'ada', tenantId: 'red', roles: role.split(',') } : null,
    })
    void app.register(accessControl, {
      roles: {
        user: ['orders:read:self'],
        clerk: ['orders:read:tenant'],
        auditor: ['orders:read'],
        admin: ['admin:all'],
        blocked: { deny: ['orders:read'] },
        careful: { allow: ['orders:read'], deny: ['orders:read:self'] },
      },
      scopes: { self: () => undefined },
    })
    void app.register(safeDb, {
      dsn: `postgres://app:app@${postgres.host}:${postgres.port}/postgres`,
      tls: 'disable',
      context: ({ principal }) => ({ settings: app.access.settingsFor(principal) }),
    })
    const rows = sql`select id from orders order by id`
    app.get('/', async (request) => {
      await request.resolvePrincipal()
      return request.db.query<{ id: number }>(rows)
    })
    app.get('/nobody', () => app.db.query(rows))
    const idsFor = async (role?: string, url = '/'): Promise<number[]> => {
      const answer = await app.inject({ url, headers: role === undefined ? {} : { role } })
      expect(answer.statusCode, answer.body).toBe(200)
      return answer.json<{ id: number }[]>().map(({ id }) => id)
    }
    expect(await idsFor('user')).toEqual([1])
    expect(await idsFor('clerk')).toEqual([1, 2])
    expect(await idsFor('auditor')).toEqual([1, 2, 3])
    expect(await idsFor('admin')).toEqual([1, 2, 3])
    expect(await idsFor('admin,blocked')).toEqual([])
    expect(await idsFor('careful')).toEqual([])
    expect(await idsFor('no such role')).toEqual([])
    expect(await idsFor()).toEqual([])
    expect(await idsFor('auditor', '/nobody')).toEqual([])
    await app.close()
  })
})
