/** Numbers that look random and are the same for the same seed, on every machine. */
export interface Random {
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number
  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T
  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean
  /** That many decimal digits. */
  digits(count: number): string
}

/** A generator of 32 bits of state (Weyl sequence with a multiplicative mix). For test data only, never for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  const between = (low: number, high: number): number => low + (next() % (high - low + 1))
  return {
    between,
    pick: (list) => {
      const element = list[between(0, list.length - 1)]
      if (element === undefined) throw new Error('Nothing to pick from')
      return element
    },
    chance: (percent) => between(1, 100) <= percent,
    digits: (count) => Array.from({ length: count }, () => between(0, 9)).join(''),
  }
}
