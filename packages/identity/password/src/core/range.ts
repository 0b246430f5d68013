import { createHash } from 'node:crypto'

/** Characters of the SHA-1 that a source is asked with: one of 16^5 ranges, which is the k-anonymity of it. */
const PREFIX = 5
const LINE = /^([0-9A-F]{35}):(\d{1,12})$/

/** Prefix and rest of a password's SHA-1, in upper-case hexadecimal. Only the prefix ever leaves. */
export function rangeOf(password: string): { readonly prefix: string; readonly suffix: string } {
  const hash = createHash('sha1').update(password).digest('hex').toUpperCase()
  return { prefix: hash.slice(0, PREFIX), suffix: hash.slice(PREFIX) }
}

/**
 * How often a suffix was seen, from the lines of its range. Padding (lines with a count of 0) counts as never.
 *
 * @param lines `SUFFIX:COUNT`, one on each line
 * @returns undefined where this is no range at all, such as the page of a proxy: that says nothing of the password
 */
export function countInRange(lines: string, suffix: string): number | undefined {
  let count = 0
  for (const line of lines.split('\n')) {
    const trimmed = line.endsWith('\r') ? line.slice(0, -1) : line
    if (trimmed === '') continue
    const match = LINE.exec(trimmed)
    if (match === null) return undefined
    if (match[1] === suffix) count = Number(match[2])
  }
  return count
}
