import { EMPTY_ROOT } from '../hash/empty-root.ts'
import { nodeHash } from '../hash/node-hash.ts'
import type { CompactRange } from './compact-range.ts'

/** Adds a leaf's hash at the right end, in O(log size) at worst and O(1) on average. */
export function appendLeaf(range: CompactRange, leaf: Buffer): void {
  let node = leaf
  for (let rest = range.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    node = nodeHash(range.nodes.pop() ?? EMPTY_ROOT, node)
  }
  range.nodes.push(node)
  range.size += 1
}
