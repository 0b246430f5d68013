import { describe, it } from 'vitest'
import { breakablePostgres, breakableRedis, followThroughCuts } from './following.ts'

describe.each([
  ['redis', breakableRedis],
  ['postgres', breakablePostgres],
] as const)('%s store', (_name, create) => {
  it('20 forced reconnects lose no revocation', async () => {
    const store = await create()
    try {
      await followThroughCuts(store, 20)
    } finally {
      await store.close()
    }
  }, 60_000)
})
