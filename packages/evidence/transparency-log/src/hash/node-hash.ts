import { sha256 } from './sha256.ts'
import { HASH_SIZE } from './hash-size.ts'

// One input for all: nothing can come between filling and hashing it.
const input = Buffer.alloc(1 + 2 * HASH_SIZE)
input[0] = 1

/** The hash of an inner node: SHA-256(0x01 || left || right), 32 bytes, of two hashes of 32 bytes (RFC 6962, 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  input.set(left, 1)
  input.set(right, 1 + HASH_SIZE)
  return sha256(input)
}
