import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { hardeningSql, sql } from '../../src/index.ts'
import type { SqlQuery } from '../../src/index.ts'
import { appWith, startDatabase } from '../database.ts'

/** A role that logs in and says who asks, one that statements run as, and what neither may touch. */
const ROLES = `
  create role gate login noinherit password 'gate password';
  create role tenant_user;
  grant tenant_user to gate;
  grant select, insert, update, delete on orders to tenant_user;
  update orders set note = 'secret of ' || tenant;
  insert into orders values (50, 'red', 'secret of red');
  create table secrets (body text);
  insert into secrets values ('secret of nobody');
  create view orders_of_all as select * from orders;
  create sequence secret_numbers;
  select lo_from_bytea(1, 'secret of nobody');
  analyze orders;
`

/** What must be the same after whatever was tried, beside rows of the tenant that tried. */
const WORLD = `select
  (select jsonb_agg(o order by id) from orders as o where tenant <> 'red') as others,
  (select jsonb_agg(s) from secrets as s) as secrets, (select last_value from secret_numbers) as numbers,
  (select count(*) from pg_class) as relations, (select count(*) from pg_proc) as functions,
  (select count(*) from pg_namespace where nspname !~ '^pg_toast_temp|^pg_temp') as schemas,
  (select jsonb_agg(a order by oid) from pg_authid as a) as roles, (select count(*) from pg_auth_members) as members,
  (select count(*) from pg_policy) as policies, (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'orders'::regclass) as forced,
  (select md5(string_agg(relacl::text, ',' order by oid)) from pg_class) as grants,
  (select count(*) from pg_largeobject_metadata) as objects, (select count(*) from pg_db_role_setting) as settings,
  (select count(*) from pg_locks where locktype = 'advisory') as locks`

/** What the next statement of anybody finds, on the one connection that there is. */
const SESSION = sql`select current_user::text as "user", session_user::text as login,
  coalesce(current_setting('app.current_tenant_id', true), '') as tenant, current_setting('search_path') as path,
  current_setting('row_security') as security, current_setting('statement_timeout') as timeout,
  current_setting('lock_timeout') as lock_timeout, current_setting('transaction_read_only') as read_only,
  current_setting('application_name') as name, pg_my_temp_schema()::int as temp,
  (select count(*)::int from pg_listening_channels()) as channels,
  (select count(*)::int from pg_cursors where name <> '') as cursors`

/** A database, hardened or not, and an app on it. */
export interface AttackedDatabase {
  readonly app: FastifyInstance
  /** Runs the text of an attempt for a request of the tenant red. */
  attempt(text: string, access: 'read' | 'write'): Promise<unknown>
  /** What must never change. */
  world(): Promise<unknown>
  session(): Promise<unknown>
  /** Begins anew, with another connection. */
  renew(): Promise<void>
  stop(): Promise<void>
}

/** The statement of a text that nobody of ours has written: a template frozen by hand. */
function forged(text: string): SqlQuery {
  return sql(Object.freeze(Object.assign([text], { raw: Object.freeze([text]) })))
}

/** An app whose statements run as a role that may not say who asks. */
async function appOn(dsn: string): Promise<FastifyInstance> {
  const app = appWith({
    dsn,
    poolSize: 1,
    statementTimeout: 300,
    roles: ['tenant_user'],
    context: ({ headers }) => ({
      role: 'tenant_user',
      settings: { 'app.current_tenant_id': String(headers['x-tenant']) },
    }),
  })
  app.post<{ Body: { text: string; access: 'read' | 'write' } }>('/', ({ body: { text, access }, db }) =>
    access === 'read' ? db.query(forged(text)) : db.exec(forged(text)).then(({ rows }) => rows),
  )
  await app.ready()
  return app
}

/** Starts it, hardened by `hardeningSql` or not. */
export async function startAttacked(hardened: boolean): Promise<AttackedDatabase> {
  const { admin, server } = await startDatabase()
  await admin(ROLES)
  if (hardened) await admin(hardeningSql({ login: 'gate', roles: ['tenant_user'], database: 'postgres' }))
  const dsn = `postgres://gate:gate%20password@${server.host}:${server.port}/postgres`
  let app = await appOn(dsn)
  const watcher = new pg.Client({ connectionString: server.url })
  await watcher.connect()
  return {
    get app() {
      return app
    },
    async attempt(text, access) {
      const sent = {
        method: 'POST',
        url: '/',
        headers: { 'x-tenant': 'red' },
        payload: { text, access },
      } as const
      return (await app.inject(sent)).json()
    },
    world: async () => (await watcher.query<Record<string, unknown>>(WORLD)).rows[0],
    session: async () => (await app.db.exec(SESSION)).rows,
    async renew() {
      await app.close()
      await watcher.query("delete from orders where tenant = 'red'")
      app = await appOn(dsn)
    },
    async stop() {
      await app.close()
      await watcher.end()
      await server.stop()
    },
  }
}
