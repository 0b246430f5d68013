import { nodeHash } from '../hash/node-hash.ts'
import type { NodeReader } from './node-reader.ts'

/** The largest power of two below `size`: where RFC 6962 splits a tree of that size, which must be at least 2. */
export function splitOf(size: number): number {
  let half = 1
  while (half * 2 < size) half *= 2
  return half
}

/** The Merkle tree hash over the leaves from `begin` to `end`, where `begin` is where RFC 6962 puts a subtree. */
export async function rangeHash(nodes: NodeReader, begin: number, end: number): Promise<Uint8Array> {
  const size = end - begin
  const level = Math.log2(size)
  if (Number.isInteger(level)) return nodes(level, begin / size)
  const middle = begin + splitOf(size)
  return nodeHash(await rangeHash(nodes, begin, middle), await rangeHash(nodes, middle, end))
}
