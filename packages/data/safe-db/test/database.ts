import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { startPostgres } from '@portcullis/kernel/testing'
import type { PostgresOptions, PostgresServer } from '@portcullis/kernel/testing'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import safeDb from '../src/index.ts'
import type { SafeDbOptions } from '../src/index.ts'

/** Orders of two tenants behind a policy that holds for the owner too, and a role that neither owns nor bypasses. */
const SCHEMA = `
  create role app login password 'app password';
  create role reader login password 'reader password';
  create table orders (id int primary key, tenant text not null, note text);
  create table things (id int primary key, tag text unique, amount int check (amount >= 0), data jsonb, words text[]);
  insert into orders values (1, 'red', 'r1'), (2, 'red', 'r2'), (3, 'blue', 'b1');
  alter table orders enable row level security;
  alter table orders force row level security;
  create policy own on orders using (tenant = nullif(current_setting('app.current_tenant_id', true), ''));
  grant select, insert, update, delete on orders, things to app;
  grant select on orders, things to reader;
`

/** A server with that schema. */
export interface TestDatabase {
  readonly server: PostgresServer
  /** Connection string of the role `app`. */
  readonly dsn: string
  /** Connection string of a role. */
  dsnOf(role: 'app' | 'reader'): string
  /** Runs SQL as the superuser, in a session of its own. */
  admin(text: string): Promise<Record<string, unknown>[]>
}

/** Which PostgreSQL a test starts that does not say so. */
export const chosen: { version: NonNullable<PostgresOptions['version']> } = { version: 18 }

/** Starts a server and creates the schema. */
export async function startDatabase(options: PostgresOptions = {}): Promise<TestDatabase> {
  const server = await startPostgres({ version: chosen.version, ...options })
  async function admin(text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    try {
      const { rows } = await client.query<Record<string, unknown>>(text)
      return rows
    } finally {
      await client.end()
    }
  }
  await admin(SCHEMA)
  const dsnOf = (role: string): string =>
    `postgres://${role}:${role}%20password@${server.host}:${server.port}/postgres`
  return { server, dsn: dsnOf('app'), dsnOf, admin }
}

/** An app with safe-db, whose callers name user and tenant in headers. */
export function appWith(
  options: SafeDbOptions,
  environment: 'production' | 'test' = 'production',
): FastifyInstance {
  // Under load, Node may keep a connection open whose client went away, and would wait for it.
  const app = Fastify({ forceCloseConnections: true })
  void app.register(kernel, {
    environment,
    identify: ({ headers }) =>
      typeof headers['x-tenant'] === 'string'
        ? { id: `user of ${headers['x-tenant']}`, tenantId: headers['x-tenant'] }
        : null,
  })
  // Tests of who may write have their own; in the others, a GET may.
  void app.register(safeDb, { tls: 'disable', access: 'write', ...options })
  return app
}

const ENDS: ReadonlySet<unknown> = new Set(['commit', 'rollback'])

/** Collects the events of an app; those of the ends of transactions where it is said. */
export function eventsOf(app: FastifyInstance, ends = false): SecurityEvent[] {
  const events: SecurityEvent[] = []
  app.securityEvents.subscribe((event) => {
    if (ends || !ENDS.has((event.details as { kind?: unknown }).kind)) events.push(event)
  })
  return events
}

/** All that something asynchronous gives. */
export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}
