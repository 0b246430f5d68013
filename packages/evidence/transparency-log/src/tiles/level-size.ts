import { TILE_WIDTH } from './tile-width.ts'
import type { TileLevel } from './tile-path.ts'

/** How many hashes (entries) the tiles (bundles) of a level hold together, in a log of that size. */
export function levelSize(level: TileLevel, size: number): number {
  return level === 'entries' ? size : Math.floor(size / TILE_WIDTH ** level)
}

/** The levels of a log's tiles, from 0, without `entries`. A log without entries has none. */
export function levelsOf(size: number): number[] {
  const levels: number[] = []
  for (let level = 0; levelSize(level, size) > 0; level++) levels.push(level)
  return levels
}
