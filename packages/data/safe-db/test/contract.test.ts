import { contractChecks } from '@portcullis/kernel/testing'
import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import safeDb, { sql } from '../src/index.ts'
import type { Database } from '../src/index.ts'
import { startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase | undefined
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database?.server.stop())

const url = '/things'
const dsn = (): string => database?.dsn ?? ''

/** The database of a request, where safe-db is registered and not switched off. */
function databaseOf(request: FastifyRequest): Database | undefined {
  try {
    return request.db
  } catch (error) {
    if ((error as { code?: string }).code === 'DATABASE_OFF') return undefined
    throw error
  }
}

describe('contract', () => {
  // Refused is a write on a route that only reads: in safe-db, what decides is the statement and not a hook.
  const checks = contractChecks({
    name: 'db',
    plugin: safeDb,
    options: { access: 'read', dsn, tls: 'disable' },
    lenient: { access: 'write' },
    route(scope, { config, handler }) {
      async function preHandler(request: FastifyRequest): Promise<void> {
        const db = databaseOf(request)
        const { write } = request.query as { write?: string }
        if (write === undefined) await db?.query(sql`select 1`)
        else await db?.exec(sql`update things set amount = 0`)
      }
      scope.get(url, { config: { ...config }, preHandler }, handler ?? (async () => 'ok'))
    },
    honest: { method: 'GET', url },
    hostile: [{ method: 'GET', url: `${url}?write=1` }],
    refusal: { statusCode: 403, code: 'DATABASE_READ_ONLY' },
    event: 'db.query',
    held: (app) => app.db.status.write.taken,
    invalid: [
      { options: {}, says: ['db.dsn'] },
      { options: { dsn: '' }, says: ['db.dsn'] },
      { options: { dsn: 7 }, says: ['db.dsn'] },
      { options: { dsn: 'postgres://u:hidden@h/d', tls: 'require' }, says: ['db.tls', "'verify-full'"] },
      { options: { dsn: 'postgres://u@h/d', poolSize: 0 }, says: ['db.poolSize', '0 (number)'] },
      { options: { dsn: 'postgres://u@h/d', statementTimeout: 0 }, says: ['db.statementTimeout'] },
      { options: { dsn: 'postgres://u@h/d', acess: 'read' }, says: ["'access'"] },
      { options: { dsn: 'postgres://u@h/d', context: {} }, says: ['db.context', '(request)'] },
      { options: { dsn: 'http://u@h/d' }, says: ['db.dsn', 'postgres://'] },
    ],
  })
  // The lenient options of that check have no dsn, since a route could not have one; its own form follows.
  const NEEDS_DSN = /^the innermost registration holds/
  for (const { name, run } of checks) if (!NEEDS_DSN.test(name)) it(name, run)

  it.each(['root first', 'child first'])('the innermost registration holds, %s', async (order) => {
    const app = Fastify()
    const root = (): unknown => app.register(safeDb, { dsn, tls: 'disable', access: 'read' })
    const write = async (request: FastifyRequest) => request.db.exec(sql`update things set amount = 0`)
    if (order === 'root first') root()
    app.get('/', write)
    void app.register(
      async (child) => {
        void child.register(safeDb, { dsn, tls: 'disable', access: 'write' })
        child.get('/', write)
      },
      { prefix: '/child' },
    )
    if (order === 'child first') root()
    expect((await app.inject('/')).statusCode).toBe(403)
    expect((await app.inject('/child/')).statusCode).toBe(200)
    await app.close()
  })
})
