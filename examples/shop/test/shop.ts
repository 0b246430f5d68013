import { startPostgres } from '@portcullis/kernel/testing'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Pool } from 'pg'
import { connect, createSchema } from '../src/database/connect.ts'
import { DEMO_PASSWORD, generateShop } from '../src/database/seed/generate.ts'
import { insertShop } from '../src/database/seed/insert.ts'
import { GATES } from '../src/gates.ts'
import { buildShop } from '../src/server.ts'

/** A shop with its own PostgreSQL server. */
export interface TestShop {
  readonly app: FastifyInstance
  readonly db: Pool
  readonly postgres: Awaited<ReturnType<typeof startPostgres>>
  /** Signs in over REST and returns the header that goes with every later request. */
  login(email: string): Promise<{ authorization: string }>
  /** Sends one GraphQL operation. */
  graphql(
    query: string,
    variables?: object,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>
  /** Listens on a free port, without any gate, and returns the origin. */
  bare(): Promise<string>
  close(): Promise<void>
}

/** Starts PostgreSQL, fills it and builds the shop. */
export async function startShop(): Promise<TestShop> {
  const postgres = await startPostgres()
  const db = await connect(postgres.url)
  await createSchema(db)
  await insertShop(db, await generateShop())
  const bare = await buildShop({ db, without: new Set(GATES), redisUrl: null, keyPrefix: 'bare' })
  const app = await buildShop({ db, without: new Set(), redisUrl: null, keyPrefix: 'test' })
  return {
    app,
    db,
    postgres,
    login: async (email) => {
      const reply = await app.inject({
        method: 'POST',
        url: '/auth/login',
        payload: { email, password: DEMO_PASSWORD },
      })
      return { authorization: `Bearer ${reply.json<{ token: string }>().token}` }
    },
    graphql: (query, variables = {}, headers = {}) =>
      app.inject({ method: 'POST', url: '/graphql', headers, payload: { query, variables } }),
    bare: () => bare.listen({ host: '127.0.0.1', port: 0 }),
    close: async () => {
      await bare.close()
      await app.close()
      await db.end()
      await postgres.stop()
    },
  }
}
