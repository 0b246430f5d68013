import { hash } from 'node:crypto'

const LEAF = Buffer.from([0])
const NODE = Buffer.from([1])

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer')
}

/** The hash of the empty tree, and what the first line names as its predecessor: SHA-256 of nothing (RFC 6962, 2.1). */
export const EMPTY_ROOT: Buffer = sha256()

/** The hash of a leaf: SHA-256(0x00 || bytes) (RFC 6962, 2.1). */
export function leafHash(bytes: Uint8Array): Buffer {
  return sha256(LEAF, bytes)
}

/**
 * A Merkle tree of RFC 6962, kept as the roots of its perfect subtrees, largest first: one for each bit that is set in
 * `size`.
 */
export interface CompactRange {
  /** Leaves so far. */
  size: number
  readonly nodes: Buffer[]
}

/** A tree without leaves, or a copy of another one. */
export function createRange(from: Readonly<CompactRange> = { size: 0, nodes: [] }): CompactRange {
  return { size: from.size, nodes: [...from.nodes] }
}

/** Adds a leaf's hash at the right end, in O(log size) at worst. */
export function appendLeaf(range: CompactRange, leaf: Buffer): void {
  let node = leaf
  for (let rest = range.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    node = sha256(NODE, range.nodes.pop() ?? EMPTY_ROOT, node)
  }
  range.nodes.push(node)
  range.size += 1
}

/** The Merkle tree hash over all leaves so far. */
export function rootOf(range: Readonly<CompactRange>): Buffer {
  const [last, ...larger] = range.nodes.toReversed()
  if (last === undefined) return EMPTY_ROOT
  return larger.reduce((right, left) => sha256(NODE, left, right), last)
}
