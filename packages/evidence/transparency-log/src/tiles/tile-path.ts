import { TransparencyLogError } from '../errors.ts'
import { TILE_WIDTH } from './tile-width.ts'

/** Level of a tile; `entries` are the bundles of entries, which stand beside the tiles of level 0. */
export type TileLevel = number | 'entries'

/**
 * Where a tile or bundle is, relative to the log (C2SP tlog-tiles): `tile/0/x001/x234/067`, and `.p/5` after it where
 * it has only 5 hashes or entries yet.
 *
 * @param level 0 to 63, or `entries`
 * @param index its number at that level, from 0
 * @param width hashes or entries in it, 1 to 256. Default: 256, a full one
 * @throws {@link TransparencyLogError} INVALID_ARGUMENT when there is no such tile
 */
export function tilePath(level: TileLevel, index: number, width: number = TILE_WIDTH): string {
  const isLevel = level === 'entries' || (Number.isInteger(level) && level >= 0 && level <= 63)
  if (!isLevel || !Number.isSafeInteger(index) || index < 0) {
    throw new TransparencyLogError('INVALID_ARGUMENT', `There is no tile ${index} at level ${level}.`)
  }
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) {
    throw new TransparencyLogError('INVALID_ARGUMENT', `A tile is 1 to ${TILE_WIDTH} wide, not ${width}.`)
  }
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? []
  const name = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/')
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}
