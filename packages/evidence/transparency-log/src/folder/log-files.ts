import { HASH_SIZE } from '../hash/hash-size.ts'
import { LONGEST_TEXT } from '../note/read-text.ts'
import { LONGEST_ENTRY } from '../tiles/encode-bundle.ts'
import { levelSize } from '../tiles/level-size.ts'
import { tilePath } from '../tiles/tile-path.ts'
import type { TileLevel } from '../tiles/tile-path.ts'
import { TILE_WIDTH } from '../tiles/tile-width.ts'
import { readBounded } from './read-bounded.ts'
import type { NoFile } from './read-bounded.ts'

/** The name of the file with the log's newest head. */
export const CHECKPOINT_PATH = 'checkpoint'
/** The name of the file that whoever appends holds. */
export const LOCK_PATH = 'lock'

/** A tile or bundle as the log has it. */
export interface TileFile {
  /** The file it was read from, relative to the log. */
  readonly path: string
  /** Hashes or entries that a log of that size has in it. */
  readonly width: number
  /** What is in the file, or why it could not be read. */
  readonly bytes: Buffer | NoFile
  /** Whether it is the full tile, of which a log of that size has only a part. */
  readonly standsIn: boolean
}

/** Reads the checkpoint. */
export function readCheckpointFile(folder: string): Buffer | NoFile {
  return readBounded(folder, CHECKPOINT_PATH, LONGEST_TEXT)
}

/** Reads a tile or bundle of a log of that size: the part that it must have, else the full one that replaced it. */
export function readTile(folder: string, level: TileLevel, index: number, size: number): TileFile {
  const most = TILE_WIDTH * (level === 'entries' ? 2 + LONGEST_ENTRY : HASH_SIZE)
  const width = Math.min(TILE_WIDTH, levelSize(level, size) - index * TILE_WIDTH)
  const path = tilePath(level, index, width)
  const bytes = readBounded(folder, path, most)
  if (bytes !== 'missing' || width === TILE_WIDTH) return { path, width, bytes, standsIn: false }
  const full = readBounded(folder, tilePath(level, index), most)
  return full === 'missing'
    ? { path, width, bytes, standsIn: false }
    : { path: tilePath(level, index), width, bytes: full, standsIn: true }
}

/** The first `width` hashes of a tile, or what is wrong with it. */
export function hashesOf({ width, bytes, standsIn }: TileFile): Buffer | { readonly fault: string } {
  if (typeof bytes === 'string') return { fault: `the tile is ${bytes}.` }
  const length = width * HASH_SIZE
  const fits = standsIn ? bytes.length >= length : bytes.length === length
  return fits ? bytes.subarray(0, length) : { fault: `the tile has ${bytes.length} bytes, not ${length}.` }
}
