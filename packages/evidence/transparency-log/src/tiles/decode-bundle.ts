import { malformed } from '../note/malformed.ts'
import { TILE_WIDTH } from './tile-width.ts'

/**
 * Reads a bundle (C2SP tlog-tiles). The entries are views of it.
 *
 * @returns 0 to 256 entries
 * @throws {@link TransparencyLogError} MALFORMED when it ends in the middle of an entry or holds more than 256
 */
export function decodeBundle(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let at = 0; at < bundle.length;) {
    const [high, low] = [bundle[at], bundle[at + 1]]
    const end = at + 2 + (high ?? 0) * 256 + (low ?? 0)
    if (low === undefined || end > bundle.length) {
      throw malformed(`The bundle ends in the middle of its entry ${entries.length}.`)
    }
    if (entries.length === TILE_WIDTH) throw malformed(`The bundle has more than ${TILE_WIDTH} entries.`)
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return entries
}
