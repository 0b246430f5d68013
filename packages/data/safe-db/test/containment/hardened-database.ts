import pg from 'pg'
import { Batch } from '../../src/connections/batch.ts'
import type { Answer } from '../../src/connections/batch.ts'
import { statementOf } from '../../src/core/query.ts'
import { sql } from '../../src/index.ts'
import { startDatabase } from '../database.ts'
import type { TestDatabase } from '../database.ts'

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

/** Nobody but the role that logs in may set anything, and nobody may leave anything: functions of PostgreSQL's own that
 * everybody may call at first. */
const HARDENING = `
  revoke execute on function set_config from public;
  grant execute on function set_config to gate;
  revoke update on pg_settings from public;
  revoke temporary on database postgres from public;
  revoke create on schema public from public;
  do $$ declare f regprocedure; begin
    for f in select oid from pg_proc where pronamespace = 'pg_catalog'::regnamespace and (
      proname ~ '^pg_(try_)?advisory_(un)?lock(_shared|_all)?$' or proname in ('pg_notify', 'pg_stat_reset')
      or proname ~ '^lo_' or proname in ('lowrite', 'loread'))
    loop execute format('revoke execute on function %s from public', f); end loop;
  end $$;
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

/** What the next statement on the connection finds. */
const SESSION = `select current_user::text as "user", session_user::text as login, pg_backend_pid() as pid,
  coalesce(current_setting('app.current_tenant_id', true), '') as tenant, current_setting('search_path') as path,
  current_setting('row_security') as security, current_setting('statement_timeout') as timeout,
  current_setting('lock_timeout') as lock_timeout, current_setting('transaction_read_only') as read_only,
  current_setting('application_name') as name, pg_my_temp_schema()::int as temp,
  (select count(*)::int from pg_listening_channels()) as channels, (select count(*)::int from pg_cursors where name <> '') as cursors,
  (select count(*)::int from pg_prepared_statements where name <> '') as prepared`

/** A hardened database and one connection to it. */
export interface HardenedDatabase {
  readonly database: TestDatabase
  /** Runs the text of an attempt as the tenant red, in the packet that a request's statement goes out in. */
  attempt(text: string, access: 'read' | 'write'): Promise<Answer | undefined>
  /** What must never change. */
  world(): Promise<unknown>
  session(): Promise<unknown>
  /** Throws away what the session keeps, as nobody could whose statements are checked. */
  forget(): Promise<void>
  stop(): Promise<void>
}

/** The statement of a text that nobody of ours has written: a template frozen by hand. */
function forged(text: string): ReturnType<typeof statementOf> {
  const strings = Object.freeze(Object.assign([text], { raw: Object.freeze([text]) }))
  return statementOf(sql(strings))
}

/** Starts it, or the same without the hardening. */
export async function startHardened(hardening: boolean): Promise<HardenedDatabase> {
  const database = await startDatabase()
  await database.admin(ROLES)
  if (hardening) await database.admin(HARDENING)
  const { host, port } = database.server
  const client = new pg.Client({
    host,
    port,
    user: 'gate',
    password: 'gate password',
    database: 'postgres',
    statement_timeout: 300,
  })
  await client.connect()
  const watcher = new pg.Client({ connectionString: database.server.url })
  await watcher.connect()
  const run = (batch: Batch): Promise<readonly Answer[]> => {
    client.query(batch)
    return batch.done
  }
  return {
    database,
    async attempt(text, access) {
      const readOnly = access === 'read' ? "set_config('transaction_read_only', 'on', true), " : ''
      // The role comes last: it may not set anything any more.
      const context = {
        text: `select ${readOnly}set_config('app.current_tenant_id', 'red', true), set_config('role', 'tenant_user', true)`,
        values: [],
      }
      const answers = await run(new Batch([context, forged(text)]))
      return answers[1]
    },
    world: async () => (await watcher.query<Record<string, unknown>>(WORLD)).rows[0],
    async session() {
      const [answer] = await run(new Batch([{ text: SESSION, values: [] }]))
      return answer?.rows[0]
    },
    async forget() {
      await client.query('discard all')
      await watcher.query("delete from orders where tenant = 'red'")
    },
    async stop() {
      await client.end()
      await watcher.end()
      await database.server.stop()
    },
  }
}
