import { HASH_SIZE } from '../hash/hash-size.ts'
import { levelSize, levelsOf } from '../tiles/level-size.ts'
import { parseTilePath } from '../tiles/parse-tile-path.ts'
import type { TileName } from '../tiles/parse-tile-path.ts'
import { TILE_WIDTH } from '../tiles/tile-width.ts'
import { Damage } from './damage.ts'
import { eachFile } from './each-file.ts'
import { readTile } from './log-files.ts'

/** The number of the first entry below a tile, and of the one after the last that a part of it holds. */
function spanOf({ level, index, width }: TileName): { readonly first: number; readonly end: number } {
  const span = level === 'entries' ? 1 : TILE_WIDTH ** level
  return { first: index * TILE_WIDTH * span, end: (index * TILE_WIDTH + width) * span }
}

/** A log keeps the parts that earlier checkpoints needed until the tile is full: they must be its beginning. */
function checkPart(folder: string, path: string, name: TileName, size: number): void {
  const { first, end } = spanOf(name)
  const found = readTile(folder, name.level, name.index, end)
  // Whoever appends has taken it away in the meantime.
  if (found.standsIn || found.bytes === 'missing') return
  const whole = readTile(folder, name.level, name.index, size).bytes
  const part = found.bytes
  if (typeof whole === 'string' || typeof part === 'string') {
    throw new Damage('malformed', path, first, 'it cannot be read.')
  }
  if (!whole.subarray(0, part.length).equals(part) || countOf(name, part) !== name.width) {
    throw new Damage('edited', path, first, 'it is not the beginning of the tile that has replaced it.')
  }
}

/** Hashes or whole entries in a file. */
function countOf({ level }: TileName, bytes: Buffer): number {
  if (level !== 'entries') return bytes.length / HASH_SIZE
  let count = 0
  let at = 0
  while (at + 2 <= bytes.length) {
    at += 2 + bytes.readUInt16BE(at)
    count += 1
  }
  return at === bytes.length ? count : Number.NaN
}

/**
 * Looks at the files that nothing asked for: a log has no others than its own, and none beyond its checkpoint. A part
 * that an earlier checkpoint needed may be there.
 *
 * @param hasGrown whether the log has a newer checkpoint by now, which vouches for what lies beyond this one
 */
export async function checkStrays(
  folder: string,
  size: number,
  hasGrown: () => Promise<boolean>,
): Promise<void> {
  const levels = levelsOf(size).length
  for await (const { path, plain } of eachFile(folder, 'tile')) {
    const name = parseTilePath(path)
    if (name === undefined || !plain)
      throw new Damage('unknown-file', path, undefined, 'no log has such a file.')
    const { level, index, width } = name
    const beyond = index * TILE_WIDTH + width > levelSize(level, size)
    if (beyond || (level !== 'entries' && level >= levels)) {
      if (await hasGrown()) continue
      throw new Damage(
        'unsigned',
        path,
        size,
        `the checkpoint vouches for ${size} entries and not for this: a write that was cut short, or an old checkpoint.`,
      )
    }
    const last = levelSize(level, size) - index * TILE_WIDTH
    if (width < TILE_WIDTH && width !== last) checkPart(folder, path, name, size)
  }
}
