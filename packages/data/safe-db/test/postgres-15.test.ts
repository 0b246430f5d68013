import { describe, expect, it } from 'vitest'
import { chosen, startDatabase } from './database.ts'

/** The same tests as on the newest PostgreSQL. */
chosen.version = 15

describe('PostgreSQL 15', async () => {
  it('is what is started here', async () => {
    const database = await startDatabase()
    const [row] = await database.admin('show server_version')
    await database.server.stop()
    expect(String(row?.['server_version'])).toMatch(/^15\./)
  })

  await import('./queries.test.ts')
  await import('./transactions.test.ts')
  await import('./one-packet.test.ts')
  await import('./round-trip.test.ts')
})
