import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { sameHash } from '../tree/checked-hashes.ts'
import { hashBundle } from '../tiles/hash-bundle.ts'
import { HASH_SIZE } from '../hash/hash-size.ts'
import { tileRoot } from '../tiles/tile-root.ts'
import { TILE_WIDTH } from '../tiles/tile-width.ts'
import { Damage } from './damage.ts'
import { firstDifference } from './first-difference.ts'
import type { HeadWatch } from './head-watch.ts'
import { hashesOf, readTile } from './log-files.ts'

/** A part of a log that was compared with itself. */
export interface CheckedBundle {
  /** The leaf hashes of its entries. */
  readonly hashes: Buffer
  /** The file that holds the entries. */
  readonly path: string
}

/** Which of two lists of hashes is the one that was logged, as far as what stands above them in the tree can tell. */
function loggedOne(
  folder: string,
  { size, root }: Checkpoint,
  index: number,
  watch: HeadWatch,
  [one, other]: readonly [Buffer, Buffer],
): Buffer | undefined {
  if (one.length < TILE_WIDTH * HASH_SIZE) {
    const width = one.length / HASH_SIZE
    return [one, other].find((hashes) => sameHash(watch.rootWith(hashes, width), root))
  }
  const above = hashesOf(readTile(folder, 1, Math.floor(index / TILE_WIDTH), size))
  if ('fault' in above) return undefined
  const from = (index % TILE_WIDTH) * HASH_SIZE
  const hash = above.subarray(from, from + HASH_SIZE)
  return [one, other].find((hashes) => sameHash(tileRoot(hashes), hash))
}

/** Compares a bundle with the tile of level 0 that has the hashes of its entries. */
export function checkBundle(
  folder: string,
  checkpoint: Checkpoint,
  index: number,
  watch: HeadWatch,
): CheckedBundle {
  const { size } = checkpoint
  const first = index * TILE_WIDTH
  const { path, width, bytes, standsIn } = readTile(folder, 'entries', index, size)
  if (bytes === 'missing') throw new Damage('missing', path, first, 'the bundle is missing.')
  if (typeof bytes === 'string') throw new Damage('malformed', path, first, `the bundle is ${bytes}.`)
  const bundle = hashBundle(bytes)
  if (bundle.width < width) {
    throw new Damage(
      'malformed',
      path,
      first + bundle.width,
      `it ends before or in entry ${first + bundle.width}.`,
    )
  }
  if (!standsIn && (bundle.width > width || !bundle.whole)) {
    throw new Damage('malformed', path, first + width, `there is more in it than its ${width} entries.`)
  }
  const hashes = bundle.hashes.subarray(0, width * HASH_SIZE)
  const tile = readTile(folder, 0, index, size)
  const stored = hashesOf(tile)
  if ('fault' in stored) {
    throw new Damage(tile.bytes === 'missing' ? 'missing' : 'malformed', tile.path, first, stored.fault)
  }
  if (stored.equals(hashes)) return { hashes, path }
  const entry = first + firstDifference(stored, hashes)
  const logged = loggedOne(folder, checkpoint, index, watch, [stored, hashes])
  if (logged === stored)
    throw new Damage('edited', path, entry, `entry ${entry} is not the one that was logged.`)
  if (logged === hashes) {
    throw new Damage('edited', tile.path, entry, `the hash of entry ${entry} is not the one that was logged.`)
  }
  throw new Damage(
    'edited',
    path,
    entry,
    `entry ${entry} does not have the hash that ${tile.path} has for it.`,
  )
}
