import { HASH_SIZE } from '../hash/hash-size.ts'
import { sha256Text } from '../hash/sha256.ts'

/** The Merkle tree hash over the hashes of a full tile, or of any 2^n hashes that stand one after the other. */
export function tileRoot(hashes: Uint8Array): Buffer {
  const level = Buffer.allocUnsafe(1 + hashes.length)
  level.set(hashes, 1)
  for (let bytes = hashes.length; bytes > HASH_SIZE; bytes /= 2) {
    for (let at = 0; at < bytes; at += 2 * HASH_SIZE) {
      // The byte before a pair belongs to a pair that is hashed already: there the 0x01 of a node can stand.
      level[at] = 1
      const hash = sha256Text(level.subarray(at, at + 1 + 2 * HASH_SIZE))
      level.write(hash, 1 + at / 2, 'latin1')
    }
  }
  return level.subarray(1, 1 + HASH_SIZE)
}
