import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { TransparencyLogError } from '../errors.ts'
import { levelSize } from '../tiles/level-size.ts'
import { tilePath } from '../tiles/tile-path.ts'
import type { TileLevel } from '../tiles/tile-path.ts'
import { TILE_WIDTH } from '../tiles/tile-width.ts'

/** All levels that a log of at most 2^53 entries can have. */
const LEVELS: readonly TileLevel[] = ['entries', 0, 1, 2, 3, 4, 5, 6]

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Tiles and bundles beyond the checkpoint, the last first. */
async function beyond(folder: string, size: number): Promise<string[]> {
  const found: string[] = []
  for (const level of LEVELS) {
    const count = levelSize(level, size)
    for (let index = Math.floor(count / TILE_WIDTH); ; index++) {
      const path = tilePath(level, index)
      const parts = await namesIn(join(folder, `${path}.p`))
      const wide = parts.filter((part) => index * TILE_WIDTH + Number(part) > count)
      const here = [
        ...(existsSync(join(folder, path)) ? [path] : []),
        ...wide.map((part) => `${path}.p/${part}`),
      ]
      if (here.length === 0) break
      found.unshift(...here)
    }
  }
  return found
}

/**
 * Looks for files beyond the checkpoint: left by a process that was killed, or the newer part of a log whose checkpoint
 * somebody has put back. What can be the second is not overwritten silently.
 *
 * @param recover whether to remove them
 * @throws {@link TransparencyLogError} DAMAGED when there are some and they must not be removed
 */
export async function clearBeyond(folder: string, size: number, recover: boolean): Promise<void> {
  const paths = await beyond(folder, size)
  if (paths.length > 0 && !recover) {
    throw new TransparencyLogError(
      'DAMAGED',
      `${paths.at(-1)}: the checkpoint vouches for ${size} entries and not for this. A write was cut short, or an ` +
        'old checkpoint was put back: look which. recover: true removes it. Nothing was appended.',
    )
  }
  // From the end, so that what is left after a crash still begins at the checkpoint and is found.
  for (const path of paths) await rm(join(folder, path))
}
