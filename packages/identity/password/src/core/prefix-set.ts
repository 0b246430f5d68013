import { createHash } from 'node:crypto'

const BYTES = 4

/** The prefix under which a text is in a set: the first 32 bits of its SHA-256, in UTF-8. */
export function prefixOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0)
}

/**
 * Sorts prefixes and writes them one after the other, big endian, without repeats.
 *
 * A text that is not among the n of a set is found there with a probability of n / 2^32.
 */
export function writePrefixSet(texts: Iterable<string>): Buffer {
  const prefixes = [...new Set([...texts].map(prefixOf))].toSorted((a, b) => a - b)
  const bytes = Buffer.alloc(prefixes.length * BYTES)
  for (const [index, prefix] of prefixes.entries()) bytes.writeUInt32BE(prefix, index * BYTES)
  return bytes
}

/** A set of texts that is read and not unpacked. */
export interface PrefixSet {
  readonly size: number
  has(text: string): boolean
}

/** Reads what {@link writePrefixSet} wrote. Looking up is one hash and at most log2(n) + 1 comparisons. */
export function readPrefixSet(bytes: Pick<Buffer, 'length' | 'readUInt32BE'>): PrefixSet {
  const size = bytes.length / BYTES
  return {
    size,
    has(text) {
      const wanted = prefixOf(text)
      let [low, high] = [0, size]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (bytes.readUInt32BE(middle * BYTES) < wanted) low = middle + 1
        else high = middle
      }
      return low < size && bytes.readUInt32BE(low * BYTES) === wanted
    },
  }
}
