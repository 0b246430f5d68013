import { TransparencyLogError } from '../errors.ts'
import { HASH_SIZE } from '../hash/hash-size.ts'
import type { NodeReader } from '../tree/node-reader.ts'
import { tileRoot } from '../tiles/tile-root.ts'
import { readTile } from './log-files.ts'

/**
 * Reads the nodes of a log's tree from the tiles in its folder. They are what the files say: a proof made of them is
 * verified before it is worth anything.
 *
 * @param folder the log
 * @param size entries of the log, from a checkpoint
 * @returns a reader that throws {@link TransparencyLogError} DAMAGED when a tile is missing or not of its length
 */
export function tileReader(folder: string, size: number): NodeReader {
  const tiles = new Map<string, Buffer>()

  function tileOf(level: number, index: number): Buffer {
    const key = `${level}/${index}`
    const known = tiles.get(key)
    if (known !== undefined) return known
    const { path, width, bytes } = readTile(folder, level, index, size)
    if (typeof bytes === 'string' || bytes.length < width * HASH_SIZE) {
      throw new TransparencyLogError('DAMAGED', `${path}: the tile is missing or too short.`)
    }
    tiles.set(key, bytes)
    return bytes
  }

  return (level, index) => {
    const inside = level % 8
    const count = 2 ** inside
    const first = index * count
    const tile = tileOf(Math.floor(level / 8), Math.floor(first / 256))
    const from = (first % 256) * HASH_SIZE
    return tileRoot(tile.subarray(from, from + count * HASH_SIZE))
  }
}
