import { describe, it } from 'vitest'
import { sharedPostgres, sharedRedis } from './racers.ts'
import { refreshRace } from './refresh-race.ts'

describe.each([
  ['redis', sharedRedis],
  ['postgres', sharedPostgres],
] as const)('%s store', (_name, create) => {
  it('200 parallel uses × 3 processes × 1,000 sessions: all succeed, one successor each', async () => {
    const shared = await create()
    try {
      await refreshRace(shared, { processes: 3, sessions: 1_000, parallel: 200 })
    } finally {
      await shared.close()
    }
  }, 900_000)
})
