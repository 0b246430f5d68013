import { describe, expect, it } from 'vitest'
import { pulled } from '../../src/core/pulled.ts'
import type { Push } from '../../src/core/pulled.ts'

/** Pushes 0, 1, 2, … while more are wanted, and takes note of its end. */
function counter(log: string[], until = Infinity): (push: Push<number>) => Promise<void> {
  return async (push) => {
    for (let value = 0; value < until; value++) {
      log.push(`push ${value}`)
      if (!(await push(value))) break
    }
    await Promise.resolve()
    log.push('end')
  }
}

describe('what pushes, pulled', () => {
  it('gives every value, then ends', async () => {
    const log: string[] = []
    const values: number[] = []
    for await (const value of pulled(counter(log, 3))) values.push(value)
    expect(values).toEqual([0, 1, 2])
    expect(log.at(-1)).toBe('end')
  })

  it('does not begin before it is asked, and is never more than one ahead', async () => {
    const log: string[] = []
    const values = pulled(counter(log))
    await Promise.resolve()
    expect(log).toEqual([])
    await values.next()
    await new Promise((resolve) => setImmediate(resolve))
    expect(log).toEqual(['push 0'])
    await values.return()
    expect(log).toEqual(['push 0', 'end'])
  })

  it('waits for its end when the consumer stops or throws', async () => {
    const log: string[] = []
    for await (const value of pulled(counter(log))) if (value === 2) break
    expect(log.at(-1)).toBe('end')
    const thrown: string[] = []
    await expect(
      (async () => {
        for await (const value of pulled(counter(thrown))) throw new Error(`at ${value}`)
      })(),
    ).rejects.toThrow('at 0')
    expect(thrown).toEqual(['push 0', 'end'])
  })

  it('throws what its source throws, also undefined, and also where a value is still on offer', async () => {
    const failing = pulled(async () => {
      throw new Error('no')
    })
    await expect(failing.next()).rejects.toThrow('no')
    const empty = pulled(() => Promise.reject(undefined as unknown as Error))
    await expect(empty.next()).rejects.toBeUndefined()
    const undone = pulled<number>(async (push) => {
      void push(1)
      void push(2)
      throw new Error('undone')
    })
    await undone.next()
    await expect(undone.next()).rejects.toThrow('undone')
  })

  it('does nothing when it is stopped before it has begun', async () => {
    const log: string[] = []
    await pulled(counter(log)).return()
    expect(log).toEqual([])
  })
})
