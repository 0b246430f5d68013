import { DASH, DIGIT, DOT, LETTER, OTHER, WIDE_LETTER, classAt } from './characters.ts'
import type { Units } from './characters.ts'

/** RFC 5321: the longest first part and the longest domain of an address. */
export const LONGEST_LOCAL = 64
const LONGEST_DOMAIN = 255

/** Signs of a first part (RFC 5322), but the star: where one stands, the address is masked already. */
const IS_LOCAL_SIGN = new Uint8Array(128)
for (const char of "!#$%&'+/=?^_`{|}~.-") IS_LOCAL_SIGN[char.charCodeAt(0)] = 1

/** Letters of any script, those without blanks between words too. */
function isLetter(text: Units, at: number): boolean {
  const kind = classAt(text, at)
  if (kind === LETTER || kind === WIDE_LETTER) return true
  if (kind !== OTHER || at < 0 || at >= text.length) return false
  const unit = text.charCodeAt(at)
  return unit >= 0x2c00 && !(unit >= 0x3000 && unit < 0x3005) && !(unit >= 0xff00 && unit < 0xff66)
}

function isLocal(text: Units, at: number): boolean {
  if (classAt(text, at) === DIGIT || isLetter(text, at)) return true
  return at >= 0 && IS_LOCAL_SIGN[text.charCodeAt(at)] === 1
}

/** Where a mail address starts whose `@` stands at a place, not before `from`; -1 where there is none. */
export function startOfLocal(text: Units, at: number, from: number): number {
  const first = Math.max(from, at - LONGEST_LOCAL)
  let start = at
  while (start > first && isLocal(text, start - 1)) start -= 1
  // Signs before the first letter or digit belong to the text: quotes, brackets of templates.
  while (start < at && classAt(text, start) !== DIGIT && !isLetter(text, start)) start += 1
  return start === at ? -1 : start
}

/**
 * Where the domain ends behind an `@`, or 0 where what follows is none. Its last label has two characters and begins with a
 * letter; two labels of digits at its beginning are those of a version (`package@4.17.21-rc.next`).
 */
export function endOfDomain(text: Units, at: number): number {
  let end = at + 1
  let label = end
  let isNumber = true
  let numbers = 0
  let labels = 0
  let stop = 0
  for (; end - at <= LONGEST_DOMAIN; end++) {
    const kind = classAt(text, end)
    if (kind === DIGIT || isLetter(text, end)) {
      if (kind !== DIGIT) isNumber = false
      if (labels > 0 && end > label && isLetter(text, label)) stop = end + 1
    } else if (kind === DOT) {
      if (end === label) break
      if (isNumber && numbers === labels) numbers += 1
      if (numbers >= 2) return 0
      labels += 1
      label = end + 1
      isNumber = true
    } else if (kind !== DASH) break
    else isNumber = false
  }
  return stop
}
