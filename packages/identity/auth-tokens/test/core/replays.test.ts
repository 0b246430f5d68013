import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Replays } from '../../src/core/replays.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_201)
const runs = 200 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)

describe('proofs that were used', () => {
  it('are known while they last, and never more of them than the bound', () => {
    const use = fc.record({ key: fc.nat(30), wait: fc.nat(400) })
    fc.assert(
      fc.property(fc.array(use, { maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (uses, most) => {
        const replays = new Replays(most)
        const model = new Map<number, number>()
        let now = 0
        for (const { key, wait } of uses) {
          now += wait
          const proof = { jkt: `k${key % 3}`, jti: `j${key}`, expiresAt: now + 1_000 }
          const live = [...model].filter(([, expiry]) => expiry > now).map(([name]) => name)
          const first = replays.isFirst(proof, now)
          // A proof that has expired is refused for its age before anybody asks here.
          const expired = model.has(key) && !live.includes(key)
          if (!expired && live.length < most) expect(first).toBe(!live.includes(key))
          if (first) {
            model.delete(key)
            model.set(key, proof.expiresAt)
          }
          expect(replays.size).toBeLessThanOrEqual(most)
        }
      }),
      { seed, numRuns: runs },
    )
  })

  it('are told apart by key and name', () => {
    const replays = new Replays(10)
    const expiresAt = 1_000
    expect(replays.isFirst({ jkt: 'a', jti: 'b', expiresAt }, 0)).toBe(true)
    expect(replays.isFirst({ jkt: 'b', jti: 'b', expiresAt }, 0)).toBe(true)
    expect(replays.isFirst({ jkt: 'a', jti: 'c', expiresAt }, 0)).toBe(true)
    expect(replays.isFirst({ jkt: 'a', jti: 'b', expiresAt }, 0)).toBe(false)
  })

  it('are forgotten in the order in which they came, where there are too many', () => {
    const replays = new Replays(2)
    const proof = (jti: string): { jkt: string; jti: string; expiresAt: number } => ({
      jkt: 'a',
      jti,
      expiresAt: 1_000,
    })
    for (const jti of ['1', '2', '3']) expect(replays.isFirst(proof(jti), 0)).toBe(true)
    expect(replays.size).toBe(2)
    expect(replays.isFirst(proof('3'), 0)).toBe(false)
    expect(replays.isFirst(proof('1'), 0)).toBe(true)
  })
})
