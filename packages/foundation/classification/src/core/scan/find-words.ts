import { isDigit, isLetter } from './find-numbers.ts'
import type { Found } from './find-numbers.ts'

/** RFC 5321: the longest first part and the longest domain of an address. */
const LONGEST_LOCAL = 64
const LONGEST_DOMAIN = 255

/** Stars may stand in an address, too, but there they are masks: what is masked is not masked again. */
function isLocal(char: string | undefined): boolean {
  return char !== undefined && (isLetter(char) || isDigit(char) || "!#$%&'+/=?^_`{|}~.-".includes(char))
}

function isDomain(char: string | undefined): boolean {
  return isLetter(char) || isDigit(char) || char === '.' || char === '-'
}

/** The mail address around the `@` at a place, not reaching before `from`. */
export function findEmail(text: string, at: number, from: number): Found | undefined {
  let start = at
  while (start > from && at - start < LONGEST_LOCAL && isLocal(text[start - 1])) start -= 1
  let end = at + 1
  while (end - at <= LONGEST_DOMAIN && isDomain(text[end])) end += 1
  while (end > at + 1 && !isLetter(text[end - 1]) && !isDigit(text[end - 1])) end -= 1
  const domain = text.slice(at + 1, end)
  const dot = domain.lastIndexOf('.')
  if (start === at || dot < 1 || domain.length - dot < 3) return undefined
  return { infoType: 'EMAIL_ADDRESS', start, end }
}

const SHORTEST_IBAN = 15
const LONGEST_IBAN = 34

const CODE_OF_0 = 48
const CODE_OF_A = 65

/** What a digit or capital letter counts in an IBAN (ISO 13616): A is 10. */
function valueOf(code: number): number | undefined {
  if (code >= CODE_OF_0 && code < CODE_OF_0 + 10) return code - CODE_OF_0
  return code >= CODE_OF_A && code < CODE_OF_A + 26 ? code - CODE_OF_A + 10 : undefined
}

/** The remainder by 97 (ISO 7064, mod 97-10) with one more character behind. */
const append = (rest: number, value: number): number => (rest * (value > 9 ? 100 : 10) + value) % 97

/** An IBAN that starts at a place, in one piece or in groups of four. Each character is looked at once. */
function findIban(text: string, start: number): Found | undefined {
  const head: number[] = []
  let rest = 0
  let length = 0
  let end: number | undefined
  for (let at = start; length < LONGEST_IBAN; at++) {
    const value = valueOf(text.charCodeAt(at))
    if (value === undefined) {
      if (text[at] !== ' ' || length % 4 !== 0) break
      continue
    }
    length += 1
    // Country and check digits stand behind the rest when the remainder is taken.
    if (length <= 4) head.push(value)
    else rest = append(rest, value)
    const endsHere = length >= SHORTEST_IBAN && !/^[A-Za-z0-9]$/.test(text[at + 1] ?? '')
    if (endsHere && head.reduce(append, rest) === 1) end = at + 1
  }
  return end === undefined ? undefined : { infoType: 'IBAN_CODE', start, end }
}

/** The end of what may be a signed token (RFC 7519), and whether it is one: three parts, the first an object of JSON. */
function readToken(text: string, start: number): { readonly end: number; readonly isToken: boolean } {
  let end = start
  let dots = 0
  while (/^[A-Za-z0-9_.-]$/.test(text[end] ?? '')) {
    if (text[end] === '.') dots += 1
    end += 1
  }
  return { end, isToken: dots >= 2 }
}

/** What stands at the start of a word, if that is personal, and from where to go on. */
export function findAtWord(text: string, start: number): { readonly found?: Found; readonly next: number } {
  if (text.startsWith('eyJ', start)) {
    const { end, isToken } = readToken(text, start)
    // What was read is not read again from each of its words.
    return isToken ? { found: { infoType: 'AUTH_TOKEN', start, end }, next: end } : { next: end }
  }
  const looksLikeIban = /^[A-Z]{2}[0-9]{2}$/.test(text.slice(start, start + 4))
  const found = looksLikeIban ? findIban(text, start) : undefined
  return found === undefined ? { next: start + 1 } : { found, next: found.end }
}
