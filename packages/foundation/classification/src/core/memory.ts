const MOST_REMEMBERED = 10_000
const LONGEST_KEY = 128

/** Remembers what was found for a key: a flood of new ones empties the memory and costs nothing else. */
export interface Memory<Found> {
  /** What is remembered of a key, or else what `find` finds. */
  get(key: string, find: () => Found): Found
  clear(): void
}

/** Creates a memory of at most 10,000 keys, none longer than 128 characters. */
export function createMemory<Found>(): Memory<Found> {
  const remembered = new Map<string, Found>()
  return {
    get(key, find) {
      const known = remembered.get(key)
      if (known !== undefined) return known
      const found = find()
      if (remembered.size >= MOST_REMEMBERED) remembered.clear()
      if (key.length <= LONGEST_KEY) remembered.set(key, found)
      return found
    },
    clear: () => remembered.clear(),
  }
}
