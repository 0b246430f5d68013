import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RedisClock } from '../../src/stores/redis-clock.ts'
import { property } from '../property.ts'

describe('the clock of the server', () => {
  it('is never ahead of the real one, whatever the delays, and never behind by more than the fastest reply took', () => {
    const reply = fc.record({ pause: fc.nat(1_000), out: fc.nat(40), back: fc.nat(40) })
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.array(reply, { minLength: 1 }),
        (offset, replies) => {
          const clock = new RedisClock()
          let local = 0
          let fastest = Infinity
          for (const { pause, out, back } of replies) {
            const sent = local + pause
            clock.learn((sent + out) * 1_000 + offset, sent, sent + out + back)
            local = sent + out + back
            fastest = Math.min(fastest, out + back)
          }
          const error = local * 1_000 + offset - clock.at(local)
          expect(error).toBeGreaterThanOrEqual(0)
          expect(error).toBeLessThanOrEqual(fastest * 1_000)
        },
      ),
      property(1_000),
    )
  })

  it('follows a server whose clock steps back, with the next reply', () => {
    const clock = new RedisClock()
    clock.learn(10_000_000, 0, 2)
    clock.learn(4_000_000, 100, 102)
    expect(clock.at(102)).toBe(4_000_000)
  })

  it('knows nothing before the first reply: every deadline is over', () => {
    expect(new RedisClock().at(1e6)).toBe(0)
  })
})
