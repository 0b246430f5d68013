/** Numbers that are the same for the same seed, for what a test makes many of. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  /** One of several. */
  of(items: readonly string[]): string
  /** A text of units of an alphabet. */
  text(length: number, alphabet: string): string
}

/** Creates the numbers of a seed (mulberry32). */
export function randomOf(seed = Number(process.env['PORTCULLIS_SEED'] ?? '20261122')): Random {
  let state = seed | 0
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
  const text = (length: number, alphabet: string): string =>
    Array.from({ length }, () => alphabet[below(alphabet.length)] ?? '').join('')
  return { below, text, of: (items) => items[below(items.length)] ?? '' }
}
