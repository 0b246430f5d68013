import { EMPTY_ROOT } from '../hash/empty-root.ts'
import { nodeHash } from '../hash/node-hash.ts'
import type { CompactRange } from './compact-range.ts'

/** The Merkle tree hash over all leaves so far, {@link EMPTY_ROOT} when there are none. */
export function rangeRoot({ nodes }: Readonly<CompactRange>): Buffer {
  const last = nodes.at(-1)
  if (last === undefined) return EMPTY_ROOT
  let root = last
  for (let at = nodes.length - 2; at >= 0; at--) root = nodeHash(nodes[at] ?? EMPTY_ROOT, root)
  return root
}
