import { HASH_SIZE } from '../hash/hash-size.ts'
import { tileRoot } from '../tiles/tile-root.ts'
import { TILE_WIDTH } from '../tiles/tile-width.ts'
import { Damage } from './damage.ts'
import { firstDifference } from './first-difference.ts'
import { hashesOf, readTile } from './log-files.ts'

/** Compares the tiles of level 1 and above with the hashes of the tiles below them. */
export interface UpperTiles {
  /** Takes the hash over the next full tile of the level below. */
  add(level: number, hash: Buffer): void
  /** Compares the tiles at the right edge, which are not full. */
  end(): void
}

interface OpenTile {
  index: number
  width: number
  readonly hashes: Buffer
}

/** Holds one tile of each level in memory, whatever the size of the log. */
export function createUpperTiles(folder: string, size: number): UpperTiles {
  const tiles = new Map<number, OpenTile>()

  function check(level: number, { index, width, hashes }: OpenTile): void {
    const file = readTile(folder, level, index, size)
    const span = TILE_WIDTH ** level
    const entry = index * TILE_WIDTH * span
    const found = hashesOf(file)
    if ('fault' in found) {
      throw new Damage(file.bytes === 'missing' ? 'missing' : 'malformed', file.path, entry, found.fault)
    }
    const expected = hashes.subarray(0, width * HASH_SIZE)
    if (found.equals(expected)) return
    const at = firstDifference(found, expected)
    const first = entry + at * span
    const last = first + span - 1
    throw new Damage(
      'edited',
      file.path,
      first,
      `hash ${at} is not the one over entries ${first} to ${last}: it or they were changed.`,
    )
  }

  function add(level: number, hash: Buffer): void {
    const tile = tiles.get(level) ?? { index: 0, width: 0, hashes: Buffer.alloc(TILE_WIDTH * HASH_SIZE) }
    tiles.set(level, tile)
    hash.copy(tile.hashes, tile.width * HASH_SIZE)
    tile.width += 1
    if (tile.width < TILE_WIDTH) return
    check(level, tile)
    add(level + 1, tileRoot(tile.hashes))
    tile.index += 1
    tile.width = 0
  }

  return {
    add,
    end() {
      for (const [level, tile] of tiles) if (tile.width > 0) check(level, tile)
    },
  }
}
