import { afterAll, beforeAll, describe, it } from 'vitest'
import { chaoticApp, unleash } from './chaos.ts'
import { startDatabase } from './database.ts'
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
  it(
    `${count} of them leak no connection, and nothing of one that failed stays`,
    async () => {
      const app = chaoticApp(database)
      await app.listen({ port: 0, host: '127.0.0.1' })
      try {
        await unleash(app, database, count, seed)
      } finally {
        await app.close()
      }
    },
    600_000,
  )
})
