import kernel from '@portcullis/kernel'
import { startPostgres } from '@portcullis/kernel/testing'
import type { PostgresServer } from '@portcullis/kernel/testing'
import safeDb from '@portcullis/safe-db'
import type { SafeDbOptions } from '@portcullis/safe-db'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'

const SCHEMA = `
  create role app login password 'app';
  create table accounts (owner text, tenant text, amount int);
  insert into accounts values ('ada', 'red', 1), ('bob', 'blue', 2);
  create table notes (owner text, body text);
  insert into notes values ('ada', 'hers'), ('bob', 'his');
  alter table notes enable row level security;
  alter table notes force row level security;
  create policy own on notes using (owner = nullif(current_setting('app.current_user_id', true), ''));
  grant select, insert, update, delete on accounts, notes to app;
`

/** What an app does that has the driver alone. */
interface Unguarded {
  readonly db: { query(statement: unknown): Promise<unknown> }
}

/** A server of its own with accounts, and notes that belong to somebody. */
export interface Accounts {
  readonly server: PostgresServer
  /** The driver alone, as the role of the app. */
  readonly plain: pg.Pool
  /** Connection string of the role of the app. */
  dsn(): string
  /** Routes of an app, on safe-db or, without the gate, on the driver with statements as text. */
  appWith(
    declare: (app: FastifyInstance, withGate: boolean) => void,
    options?: Partial<SafeDbOptions>,
  ): (withGate: boolean) => FastifyInstance
}

/** Starts the server before the tests of a file, and stops it after them. */
export function useAccounts(): Accounts {
  let server: PostgresServer
  let plain: pg.Pool

  beforeAll(async () => {
    server = await startPostgres()
    const owner = new pg.Client({ connectionString: server.url })
    await owner.connect()
    await owner.query(SCHEMA)
    await owner.end()
    plain = new pg.Pool({ connectionString: dsn(), max: 1 })
    // Its end does not wait for its connections, so the server may be the first to close one.
    plain.on('error', () => undefined)
  })
  afterAll(async () => {
    await plain.end()
    await server.stop()
  })

  const dsn = (): string => `postgres://app:app@${server.host}:${server.port}/postgres`
  const unguarded: Unguarded['db'] = {
    query: async (statement) => (await plain.query(String(statement))).rows,
  }

  return {
    get server() {
      return server
    },
    get plain() {
      return plain
    },
    dsn,
    appWith:
      (declare, options = {}) =>
      (withGate) => {
        const app = Fastify()
        void app.register(kernel, {
          environment: 'production',
          identify: ({ headers }) =>
            typeof headers['x-user'] === 'string' ? { id: headers['x-user'] } : null,
        })
        if (withGate) void app.register(safeDb, { dsn, tls: 'disable', ...options })
        else app.decorateRequest('db' as never, { getter: () => unguarded } as never)
        declare(app, withGate)
        return app
      },
  }
}
