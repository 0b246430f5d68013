import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSlots } from '../../src/core/slots.ts'
import { runs } from '../property.ts'

describe('slots', () => {
  it('never run more than they are, in the order of calls, and lose nothing', async () => {
    const job = fc.record({ weight: fc.integer({ min: 1, max: 6 }), ticks: fc.nat(4), fails: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.nat(8),
        fc.array(job, { maxLength: 30 }),
        async (size, maxQueue, jobs) => {
          const slots = createSlots(size, maxQueue)
          const started: number[] = []
          const taken: number[] = []
          let busy = 0
          const ends = jobs.map(async ({ weight, ticks, fails }, index) => {
            const run = slots.run(weight, async () => {
              started.push(index)
              busy += Math.min(weight, size)
              expect(busy).toBeLessThanOrEqual(size)
              for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
              busy -= Math.min(weight, size)
              if (fails) throw new Error('as planned')
              return index
            })
            expect(slots.waiting).toBeLessThanOrEqual(maxQueue)
            if (run !== undefined) taken.push(index)
            return run?.catch((error: Error) => expect(error.message).toBe('as planned'))
          })
          await Promise.all(ends)
          expect(started).toEqual(taken)
          expect([slots.running, slots.waiting]).toEqual([0, 0])
        },
      ),
      runs(500),
    )
  })

  it('refuse what comes when the queue is full', async () => {
    const slots = createSlots(1, 1)
    let end = (): void => undefined
    const first = slots.run(1, () => new Promise<void>((resolve) => (end = resolve)))
    const second = slots.run(1, async () => 'second')
    expect(slots.run(1, async () => 'third')).toBeUndefined()
    await Promise.resolve()
    end()
    await first
    expect(await second).toBe('second')
    expect(await slots.run(1, async () => 'fourth')).toBe('fourth')
  })
})
