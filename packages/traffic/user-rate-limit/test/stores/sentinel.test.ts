import { setTimeout as delay } from 'node:timers/promises'
import type * as six from 'ioredis'
import { describe, expect, it } from 'vitest'
import type { OnStoreError } from '../../src/core/policy.ts'
import { withStoreFallback } from '../../src/stores/store-fallback.ts'
import { CLIENTS, ask, back, clientOf, closers, opened, usedOf } from './client-lines.ts'
import { startSentinelSet } from './harness.ts'

const isDeep = process.env['PORTCULLIS_TIER'] === 'deep'
const SIGNALS = ['SIGKILL', 'SIGSTOP'] as const

// Each takes as long as a failover: the fast tier has the one that is harder, by the newer line.
describe.each(isDeep ? CLIENTS : CLIENTS.slice(1))('ioredis $version', ({ Redis }) => {
  const client = (target: string | object): six.Redis => clientOf(Redis, target)

  it.each(isDeep ? SIGNALS : SIGNALS.slice(1))(
    'a failover by Sentinel after %s: each policy as declared, what was charged stays, nothing is charged twice',
    async (signal) => {
      const set = await startSentinelSet(isDeep ? 3 : 1)
      closers.push(() => set.stop())
      const store = await opened(client({ sentinels: set.sentinels, name: set.name }))
      const policies: readonly OnStoreError[] = ['closed', 'open', 'local']
      const fallback = withStoreFallback(store, { instances: 10 })
      for (const one of policies)
        for (let call = 0; call < 3; call += 1) expect(await ask(fallback, one)).toBe('admitted by the store')
      const admin = client(set.master.url)
      // What a master that dies has not sent to its replica is lost; here all of it was.
      expect(await admin.wait(1, 5_000)).toBe(1)
      await set.master.kill(signal)
      const said: Record<string, string[]> = { closed: [], open: [], local: [] }
      for (let call = 0; call < 7; call += 1)
        for (const one of policies) said[one]?.push(await ask(fallback, one))
      // A tenth of the quota is the share of one of ten instances.
      expect(said).toEqual({
        closed: Array(7).fill('unavailable'),
        open: Array(7).fill('admitted open'),
        local: [...Array(5).fill('admitted local'), ...Array(2).fill('refused local')],
      })
      await back(store)
      const promoted = await opened(set.replica.url)
      expect(await usedOf(promoted, 'closed')).toBe(3)
      expect(await usedOf(promoted, 'open')).toBe(3)
      expect(await usedOf(promoted, 'local')).toBe(3)
      // What was counted here is handed over, once.
      expect(await ask(fallback, 'local')).toBe('admitted by the store')
      expect(await usedOf(promoted, 'local')).toBe(3 + 5 + 1)
      expect(await ask(fallback, 'closed')).toBe('admitted by the store')
      if (signal === 'SIGSTOP') {
        // The old master runs what was sent to it while it was frozen, and becomes a replica.
        await set.master.kill('SIGCONT')
        await delay(500)
        await back(store)
      }
      expect(await usedOf(promoted, 'closed')).toBe(4)
      expect(await usedOf(promoted, 'local')).toBe(9)
    },
    60_000,
  )
})
