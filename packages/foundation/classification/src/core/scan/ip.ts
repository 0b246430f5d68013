import { COLON, DASH, DIGIT, DOT, LETTER, UNDERSCORE, VALUE, classAt, isWord } from './characters.ts'
import type { Units } from './characters.ts'

function endsHere(text: Units, end: number): boolean {
  const next = classAt(text, end)
  if (isWord(next) || next === UNDERSCORE) return false
  return !((next === DOT || next === DASH) && isWord(classAt(text, end + 1)))
}

/** Networks that say nothing of a person: this host, private, link-local, multicast and reserved ones (RFC 6890). */
function isSpecial(first: number, second: number): boolean {
  if (first === 0 || first === 10 || first === 127 || first >= 224) return true
  if (first === 172) return second >= 16 && second < 32
  return (first === 192 && second === 168) || (first === 169 && second === 254)
}

/** Whether a dot ends the first byte: most numbers end otherwise. */
function hasDot(text: Units, start: number): boolean {
  for (let at = start + 1; at < start + 4; at++) {
    const kind = classAt(text, at)
    if (kind !== DIGIT) return kind === DOT
  }
  return false
}

/** The end of an IPv4 address (RFC 791, as four decimal bytes) that starts at a place, or 0. */
export function findIp4(text: Units, start: number): number {
  if (!hasDot(text, start)) return 0
  let at = start
  let first = 0
  let second = 0
  for (let place = 0; place < 4; place++) {
    const from = at
    let byte = 0
    while (classAt(text, at) === DIGIT && at - from < 4) {
      byte = byte * 10 + (VALUE[text.charCodeAt(at)] ?? 0)
      at += 1
    }
    if (at === from || byte > 255 || (at - from > 1 && byte < 10 ** (at - from - 1))) return 0
    if (place === 0) first = byte
    if (place === 1) second = byte
    if (place < 3 && classAt(text, at) !== DOT) return 0
    if (place < 3) at += 1
  }
  return endsHere(text, at) && !isSpecial(first, second) ? at : 0
}

/** Longest run of hexadecimal digits and colons that can be an address. */
const LONGEST = 45

/** What a run of hexadecimal digits and colons is. */
export interface HexRun {
  readonly start: number
  /** Where the run ends, and nothing in it has to be read again. */
  readonly end: number
  readonly kind: 'IP_ADDRESS' | 'MAC_ADDRESS' | undefined
}

function isHex(text: Units, at: number): boolean {
  const kind = classAt(text, at)
  return (kind === DIGIT || kind === LETTER) && (VALUE[text.charCodeAt(at)] ?? 16) < 16
}

/** Judges the run of hexadecimal digits and colons around a colon: an IPv6 address (RFC 4291) or a MAC address. */
export function readHexRun(text: Units, colon: number, from: number): HexRun {
  let start = colon
  while (start > from && colon - start < 5 && isHex(text, start - 1)) start -= 1
  let groups = 0
  let width = 0
  let shortest = 4
  let longest = 0
  let gaps = 0
  let colons = 0
  let at = start
  for (; at - start <= LONGEST; at++) {
    if (isHex(text, at)) {
      width += 1
      longest = Math.max(longest, width)
      if (width === 1) groups += 1
    } else if (classAt(text, at) === COLON) {
      if (width > 0) shortest = Math.min(shortest, width)
      else if (at > start) gaps += 1
      width = 0
      colons += 1
    } else break
  }
  const last = width
  if (last > 0) shortest = Math.min(shortest, last)
  const isAlone = !isWord(classAt(text, start - 1)) && endsHere(text, at) && longest <= 4
  const isMac = groups === 6 && colons === 5 && shortest === 2 && longest === 2
  const isFull = groups === 8 && colons === 7 && gaps === 0
  const isShort = gaps === 1 && groups >= 3 && groups < 8 && last > 0
  let kind: HexRun['kind']
  if (isAlone && isMac) kind = 'MAC_ADDRESS'
  else if (isAlone && (isFull || isShort)) kind = 'IP_ADDRESS'
  return { start, end: at, kind }
}
