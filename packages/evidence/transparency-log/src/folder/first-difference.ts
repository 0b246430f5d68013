import { HASH_SIZE } from '../hash/hash-size.ts'

/** The number of the first hash in which two tiles of one length differ. */
export function firstDifference(one: Uint8Array, other: Uint8Array): number {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  return Math.floor(at / HASH_SIZE)
}
