import { HASH_SIZE } from '../hash/hash-size.ts'
import { tileRoot } from './tile-root.ts'

/**
 * The roots of the perfect subtrees in the first `width` hashes of a tile, largest first: what a compact range over
 * them has as its nodes.
 */
export function tileNodes(hashes: Uint8Array, width: number): Buffer[] {
  const nodes: Buffer[] = []
  let from = 0
  for (let size = 256; size >= 1; size /= 2) {
    if (width - from < size) continue
    nodes.push(tileRoot(hashes.subarray(from * HASH_SIZE, (from + size) * HASH_SIZE)))
    from += size
  }
  return nodes
}
