import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { HASH_SIZE } from '../hash/hash-size.ts'
import { tileNodes } from '../tiles/tile-nodes.ts'
import { TILE_WIDTH } from '../tiles/tile-width.ts'
import { appendLeaf } from '../tree/append-leaf.ts'
import { createRange } from '../tree/create-range.ts'
import { rangeRoot } from '../tree/range-root.ts'
import { sameHash } from '../tree/checked-hashes.ts'
import { Damage } from './damage.ts'

/** Follows a log's tree as it grows, tile by tile, and compares it with heads that were signed. */
export interface HeadWatch {
  /** The tree's hash, if what follows the tiles so far were the first `width` of these hashes. */
  rootWith(hashes: Uint8Array, width: number): Buffer
  /** Compares the heads that end in the next tile of level 0, which has these hashes and comes from `path`. */
  compare(hashes: Uint8Array, path: string): void
  /** Goes on behind a full tile, by the hash over it. */
  advance(root: Buffer): void
  /** Entries up to the newest of the heads that the log agrees with. */
  readonly agreed: number
}

/** Starts at the empty tree. The heads are in order of their size, and none is empty. */
export function createHeadWatch(heads: readonly Checkpoint[]): HeadWatch {
  /** Over the hashes of full tiles: its nodes are those of the tree over all entries. */
  const range = createRange()
  let next = 0
  let agreed = 0

  const rootWith = (hashes: Uint8Array, width: number): Buffer =>
    rangeRoot({ size: 0, nodes: [...range.nodes, ...tileNodes(hashes, width)] })

  function compare(hashes: Uint8Array, path: string): void {
    const before = range.size * TILE_WIDTH
    for (let head = heads[next]; head !== undefined; head = heads[++next]) {
      const width = head.size - before
      if (width * HASH_SIZE > hashes.length) return
      if (!sameHash(rootWith(hashes, width), head.root)) {
        throw new Damage(
          'rewritten',
          path,
          agreed,
          `the first ${head.size} entries are not those of the checkpoint that was signed over them; ` +
            `the first ${agreed} are vouched for.`,
        )
      }
      agreed = head.size
    }
  }

  return {
    rootWith,
    compare,
    advance: (root) => appendLeaf(range, root),
    get agreed() {
      return agreed
    },
  }
}
