import { describe, expect, it } from 'vitest'
import { Scanner } from '../../../src/core/scan/scanner.ts'
import type { Units } from '../../../src/core/scan/characters.ts'
import { FAMILIES } from './families.mjs'

/** A text that counts how often a unit of it is read. */
class Counted implements Units {
  reads = 0
  readonly length: number
  readonly #unit: string

  constructor(unit: string, length: number) {
    this.#unit = unit
    this.length = length
  }

  charCodeAt(index: number): number {
    this.reads += 1
    return this.#unit.charCodeAt(index % this.#unit.length)
  }
}

/** Most reads of a unit, whatever stands around it. */
const MOST = 40

describe('the steps of the scanner', () => {
  it.each(FAMILIES)('are a bounded number for each character of %j', (unit) => {
    const [small, large] = [100_000, 1_000_000].map((length) => {
      const text = new Counted(unit, length)
      new Scanner(() => undefined).scan(text, length)
      return text.reads / length
    })
    expect(large).toBeLessThan(MOST)
    expect(large).toBeLessThan((small ?? 0) * 1.05 + 0.1)
  })
})
