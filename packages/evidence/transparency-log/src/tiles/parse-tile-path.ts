import { tilePath } from './tile-path.ts'
import type { TileLevel } from './tile-path.ts'
import { TILE_WIDTH } from './tile-width.ts'

/** What a path of {@link tilePath} names. */
export interface TileName {
  readonly level: TileLevel
  readonly index: number
  readonly width: number
}

const PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/

/** Reads what {@link tilePath} writes; of anything else, `undefined`. */
export function parseTilePath(path: string): TileName | undefined {
  const [, place, digits, part] = PATH.exec(path) ?? []
  if (place === undefined || digits === undefined) return undefined
  const level = place === 'entries' ? place : Number(place)
  const index = Number(digits.replaceAll(/[x/]/g, ''))
  const width = part === undefined ? TILE_WIDTH : Number(part)
  const isTile = Number.isSafeInteger(index) && width >= 1 && width <= TILE_WIDTH
  // Written any other way, with leading zeroes or as a part that is whole, it is no path of a log.
  return isTile && (level === 'entries' || level < 64) && tilePath(level, index, width) === path
    ? { level, index, width }
    : undefined
}
