import type { CompactRange } from './compact-range.ts'

/** A tree without leaves, or a copy of another one. */
export function createRange(from: Readonly<CompactRange> = { size: 0, nodes: [] }): CompactRange {
  return { size: from.size, nodes: [...from.nodes] }
}
