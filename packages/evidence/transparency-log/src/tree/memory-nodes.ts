import { TransparencyLogError } from '../errors.ts'
import { nodeHash } from '../hash/node-hash.ts'
import type { NodeReader } from './node-reader.ts'

/** Reads the nodes of a tree whose leaves' hashes are all in memory: 32 bytes and an object for each, twice. */
export function memoryNodes(leafHashes: readonly Uint8Array[]): NodeReader {
  const levels: (readonly Uint8Array[])[] = [leafHashes]
  for (let below = leafHashes; below.length > 1; below = levels.at(-1) ?? []) {
    const above: Uint8Array[] = []
    for (let at = 0; at + 1 < below.length; at += 2) {
      const [left, right] = [below[at], below[at + 1]]
      if (left !== undefined && right !== undefined) above.push(nodeHash(left, right))
    }
    levels.push(above)
  }
  return (level, index) => {
    const node = levels[level]?.[index]
    if (node !== undefined) return node
    throw new TransparencyLogError('INVALID_ARGUMENT', `The tree has no node ${index} at level ${level}.`)
  }
}
