import { TransparencyLogError } from '../errors.ts'
import { TILE_WIDTH } from './tile-width.ts'

/** Longest entry of a bundle: its length has 16 bits. */
export const LONGEST_ENTRY = 65_535

/**
 * Writes entries as a bundle (C2SP tlog-tiles): each after its length in two bytes, big-endian.
 *
 * @throws {@link TransparencyLogError} INVALID_ARGUMENT when there are more than 256 or one is longer than 65,535 bytes
 */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  if (entries.length > TILE_WIDTH) {
    throw new TransparencyLogError('INVALID_ARGUMENT', `A bundle takes ${TILE_WIDTH} entries.`)
  }
  const parts: Uint8Array[] = []
  for (const entry of entries) {
    if (entry.length > LONGEST_ENTRY) {
      throw new TransparencyLogError('INVALID_ARGUMENT', `An entry takes ${LONGEST_ENTRY} bytes.`)
    }
    const length = Buffer.alloc(2)
    length.writeUInt16BE(entry.length)
    parts.push(length, entry)
  }
  return Buffer.concat(parts)
}
