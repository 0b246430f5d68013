import { HASH_SIZE } from '../hash/hash-size.ts'
import { sha256Text } from '../hash/sha256.ts'
import { TILE_WIDTH } from './tile-width.ts'

/** What stands in a bundle. */
export interface BundleHashes {
  /** The leaf hashes of its entries, one after the other: what the tile of level 0 beside it holds. */
  readonly hashes: Buffer
  /** Whole entries before the end, or before what is no entry. At most 256. */
  readonly width: number
  /** Whether nothing follows them. */
  readonly whole: boolean
}

/** The leaf hashes of a bundle's entries. It spoils the bundle, and in return copies no entry. */
export function hashBundle(bundle: Buffer): BundleHashes {
  const hashes = Buffer.allocUnsafe(TILE_WIDTH * HASH_SIZE)
  let width = 0
  let at = 0
  while (at + 2 <= bundle.length && width < TILE_WIDTH) {
    const end = at + 2 + bundle.readUInt16BE(at)
    if (end > bundle.length) break
    // The length is known now: its second byte becomes the 0x00 with which the hash of a leaf begins.
    bundle[at + 1] = 0
    hashes.write(sha256Text(bundle.subarray(at + 1, end)), width * HASH_SIZE, 'latin1')
    width += 1
    at = end
  }
  return { hashes: hashes.subarray(0, width * HASH_SIZE), width, whole: at === bundle.length }
}
