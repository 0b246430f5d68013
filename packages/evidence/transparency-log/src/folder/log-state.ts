import type { OpenedCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { TransparencyLogError } from '../errors.ts'
import { HASH_SIZE } from '../hash/hash-size.ts'
import { decodeBundle } from '../tiles/decode-bundle.ts'
import { encodeBundle } from '../tiles/encode-bundle.ts'
import { hashBundle } from '../tiles/hash-bundle.ts'
import { levelSize } from '../tiles/level-size.ts'
import { tileNodes } from '../tiles/tile-nodes.ts'
import { tileRoot } from '../tiles/tile-root.ts'
import { TILE_WIDTH } from '../tiles/tile-width.ts'
import { rangeRoot } from '../tree/range-root.ts'
import { hashesOf, readTile } from './log-files.ts'

/** The tile at the right edge of a level. */
interface EdgeTile {
  /** Its number at that level. */
  index: number
  /** Its hashes so far, of which there is room for 256. */
  width: number
  readonly hashes: Buffer
}

/** What is needed to append to a log: the tiles and the bundle at its right edge. */
export interface LogState {
  size: number
  /** By level. */
  readonly tiles: EdgeTile[]
  /** The bundle at the right edge, as it is in its file, in pieces. */
  bundle: Uint8Array[]
}

/** The edge of a level that has no tile yet. */
function emptyTile(): EdgeTile {
  return { index: 0, width: 0, hashes: Buffer.alloc(TILE_WIDTH * HASH_SIZE) }
}

/** The tree's hash: the perfect subtrees in the edge tiles, from the top level down. */
export function rootOfState({ tiles }: LogState): Buffer {
  const nodes = tiles.toReversed().flatMap(({ hashes, width }) => tileNodes(hashes, width))
  return rangeRoot({ size: 0, nodes })
}

function damaged(path: string, what: string): TransparencyLogError {
  return new TransparencyLogError('DAMAGED', `${path}: ${what} Verify the log; nothing was appended.`)
}

/** The entries in the bundle at the right edge, whose hashes the tile beside it has. */
function readBundle(folder: string, size: number, { index, width, hashes }: EdgeTile): Buffer {
  const { path, bytes, standsIn } = readTile(folder, 'entries', index, size)
  if (typeof bytes === 'string') throw damaged(path, `the bundle is ${bytes}.`)
  const found = hashBundle(Buffer.from(bytes))
  const fits = standsIn ? found.width >= width : found.width === width && found.whole
  if (!fits || !hashes.subarray(0, width * HASH_SIZE).equals(found.hashes.subarray(0, width * HASH_SIZE))) {
    throw damaged(path, 'its entries are not those that were logged.')
  }
  return standsIn ? encodeBundle(decodeBundle(bytes).slice(0, width)) : bytes
}

/**
 * Reads the right edge of a log.
 *
 * @throws {@link TransparencyLogError} DAMAGED when its files are not those of the checkpoint
 */
export function readState(folder: string, checkpoint: OpenedCheckpoint | undefined): LogState {
  const size = checkpoint?.size ?? 0
  const state: LogState = { size, tiles: [emptyTile()], bundle: [] }
  for (let level = 0; levelSize(level, size) > 0; level++) {
    const tile = (state.tiles[level] = emptyTile())
    tile.index = Math.floor(levelSize(level, size) / TILE_WIDTH)
    tile.width = levelSize(level, size) % TILE_WIDTH
    if (tile.width === 0) continue
    const file = readTile(folder, level, tile.index, size)
    const hashes = hashesOf(file)
    if ('fault' in hashes) throw damaged(file.path, hashes.fault)
    hashes.copy(tile.hashes)
  }
  if (checkpoint !== undefined && !rootOfState(state).equals(checkpoint.root)) {
    throw damaged('tile', 'the tiles do not lead to the root of the checkpoint.')
  }
  const [leaves] = state.tiles
  if (leaves === undefined || leaves.width === 0) return state
  state.bundle = [readBundle(folder, size, leaves)]
  return state
}

/**
 * Adds an entry's hash at the right end.
 *
 * @returns the levels whose tiles are full now, from 0. They must be written before the next one is added
 */
export function addHash({ tiles }: LogState, leaf: Buffer): number[] {
  const full: number[] = []
  let hash = leaf
  for (let level = 0; ; level++) {
    const tile = (tiles[level] ??= emptyTile())
    hash.copy(tile.hashes, tile.width * HASH_SIZE)
    tile.width += 1
    if (tile.width < TILE_WIDTH) return full
    full.push(level)
    hash = tileRoot(tile.hashes)
  }
}
