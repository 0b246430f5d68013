import { TransparencyLogError } from '../errors.ts'
import { HASH_SIZE } from '../hash/hash-size.ts'

/** What a proof is refused with. */
export function badProof(message: string): TransparencyLogError {
  return new TransparencyLogError('BAD_PROOF', message)
}

/** Refuses anything but hashes of 32 bytes, whatever a caller without types has handed over. */
export function checkHashes(hashes: readonly unknown[], what: string): void {
  for (const hash of hashes) {
    if (!(hash instanceof Uint8Array) || hash.length !== HASH_SIZE) throw badProof(`${what} is not 32 bytes.`)
  }
}

/** Whether two hashes are the same. They are public: comparing them may take as long as it takes. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
