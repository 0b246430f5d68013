import { maskText } from './mask-text.ts'
import type { Recordable } from './recordable.ts'

/** What stands for a segment that is not shown. */
const HIDDEN = '[…]'

const MOST_SEGMENTS = 16

// What a path is made of where people and scanners name files and routes, and too short for a text. No `%`: an encoded
// segment may be anything, and one that cannot be decoded is nothing.
const WORD = /^[A-Za-z0-9._~-]{1,32}$/
const MOST_DIGITS = 3

/** Numbers of four and more digits, here or there in a segment, are ids or parts of tokens. */
function isPlain(segment: string): boolean {
  if (segment === '') return true
  const digits = segment.replaceAll(/[^0-9]/g, '').length
  return WORD.test(segment) && digits <= MOST_DIGITS && maskText(segment) === segment
}

/**
 * A path that no route has, without what a client may have put into it: segments that are short words stay, so that it
 * can be seen what was looked for (`/wp-login.php`, `/.env`). Where another one was left out, its length in characters
 * and a keyed digest of the whole path stand beside, which tell whether two are the same, or one that is known.
 *
 * @param path without its query
 * @param digest of a path
 */
export function recordedPath(path: string, digest: (path: string) => string): Recordable {
  const segments = path.split('/')
  const shown = segments.slice(0, MOST_SEGMENTS).map((one) => (isPlain(one) ? one : HIDDEN))
  if (segments.length > MOST_SEGMENTS) shown.push(HIDDEN)
  const text = shown.join('/')
  return text === path ? text : { shown: text, length: path.length, digest: digest(path) }
}
