import type { Environment } from '@portcullis/kernel'
import { startPostgres } from '@portcullis/kernel/testing'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Pool } from 'pg'
import { connect } from '../src/database/connect.ts'
import { prepareDatabase } from '../src/database/prepare.ts'
import { DEMO_PASSWORD } from '../src/database/seed/generate.ts'
import { GATES, type Gate } from '../src/gates.ts'
import { buildShop } from '../src/server.ts'
import { makeTrail } from '../src/services.ts'
import { createLog, openBackstage, type Backstage } from '../src/tour/backstage.ts'

/** A shop with its own PostgreSQL server. */
export interface TestShop {
  /** The shop with its database and no other gate. */
  readonly app: FastifyInstance
  /** The tables' owner, whom no policy stops. */
  readonly owner: Pool
  /** Connection string of the role that serves requests. */
  readonly dsn: string
  readonly postgres: Awaited<ReturnType<typeof startPostgres>>
  /** Signs in over REST, by default at `app`, and returns the header that goes with every later request. */
  login(email: string, at?: FastifyInstance): Promise<{ authorization: string }>
  /** Sends one GraphQL operation. */
  graphql(
    query: string,
    variables?: object,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>
  /** Another shop on the same data, with every gate but these; it counts by itself. Closed with this one. */
  build(gates?: {
    without?: readonly Gate[]
    redisUrl?: string
    environment?: Environment
  }): Promise<FastifyInstance>
  /** What is on record and in the log of a shop that was built. */
  backstage(app: FastifyInstance): Backstage
  close(): Promise<void>
}

/** Starts PostgreSQL, fills it and builds the shop. */
export async function startShop(): Promise<TestShop> {
  const postgres = await startPostgres()
  const owner = await connect(postgres.url)
  const { dsn } = await prepareDatabase(owner, postgres.url)
  const shops: FastifyInstance[] = []
  const doors = new Map<FastifyInstance, Backstage>()
  const trails: Awaited<ReturnType<typeof makeTrail>>[] = []
  const build: TestShop['build'] = async ({ without = [], redisUrl, environment } = {}) => {
    const [trail, log] = [await makeTrail(), createLog()]
    trails.push(trail)
    const shop = await buildShop({
      dsn,
      owner,
      log,
      trail: trail.value,
      redisUrl: redisUrl ?? null,
      environment,
      without: new Set(without),
      keySecret: 'a secret of the tests, 32 bytes or more',
      keyPrefix: `test-${shops.length}`,
    })
    shops.push(shop)
    doors.set(shop, openBackstage(shop, trail.value, log))
    return shop
  }
  const app = await build({ without: GATES.filter((gate) => gate !== 'safe-db') })
  return {
    app,
    owner,
    dsn,
    postgres,
    login: async (email, at = app) => {
      const reply = await at.inject({
        method: 'POST',
        url: '/auth/login',
        payload: { email, password: DEMO_PASSWORD },
      })
      return { authorization: `Bearer ${reply.json<{ token: string }>().token}` }
    },
    graphql: (query, variables = {}, headers = {}) =>
      app.inject({ method: 'POST', url: '/graphql', headers, payload: { query, variables } }),
    build,
    backstage: (built) => {
      const door = doors.get(built)
      if (!door) throw new Error('Not a shop of this test')
      return door
    },
    close: async () => {
      for (const built of shops) await built.close()
      for (const trail of trails) await trail.stop()
      await owner.end()
      await postgres.stop()
    },
  }
}
