import type { InfoType } from '../info-types.ts'

/** Something personal in a text: from `start` to before `end`. */
export interface Found {
  readonly infoType: InfoType
  readonly start: number
  readonly end: number
}

/** Digits without anything between them. */
interface Group {
  readonly start: number
  readonly end: number
}

const CARD_LENGTHS: ReadonlySet<number> = new Set([13, 14, 15, 16, 19])
const MOST_DIGITS = 19

export function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9'
}

/** Letters of any script count, so that what stands inside a word is no number of its own. */
export function isLetter(char: string | undefined): boolean {
  return char !== undefined && (char.toLowerCase() !== char.toUpperCase() || char > '\u024F')
}

/** The check digit of cards (ISO/IEC 7812). */
function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place])
    const twice = digit * 2 - (digit > 4 ? 9 : 0)
    sum += place % 2 === 0 ? digit : twice
  }
  return sum % 10 === 0
}

function isCard(digits: string): boolean {
  return CARD_LENGTHS.has(digits.length) && /^[2-6]/.test(digits) && passesLuhn(digits)
}

/** The groups of a number that starts at `from`: digits with one blank, dash or dot between them. */
function groupsFrom(text: string, from: number): Group[] {
  const groups: Group[] = []
  let at = from
  while (isDigit(text[at])) {
    const start = at
    while (isDigit(text[at])) at += 1
    groups.push({ start, end: at })
    if (!/^[ .-]$/.test(text[at] ?? '')) break
    at += 1
  }
  return groups
}

function cardFrom(text: string, groups: readonly Group[], first: number): number | undefined {
  let digits = ''
  let found: number | undefined
  for (let last = first; last < groups.length && digits.length <= MOST_DIGITS; last++) {
    const group = groups[last]
    if (group === undefined || group.end - group.start > MOST_DIGITS) break
    digits += text.slice(group.start, group.end)
    if (isCard(digits)) found = last
  }
  return found
}

/** Three, two and four digits with the same sign between them. */
function isSsn(text: string, [a, b, c]: readonly (Group | undefined)[]): boolean {
  if (a === undefined || b === undefined || c === undefined) return false
  const lengths = [a, b, c].map(({ start, end }) => end - start).join()
  return lengths === '3,2,4' && text[a.end] === text[b.end] && text[a.end] !== '.'
}

/** The personal numbers among the digits that start at `from`, and where these end. Linear in them. */
export function findNumbers(text: string, from: number): { readonly found: readonly Found[]; end: number } {
  const groups = groupsFrom(text, from)
  const end = groups.at(-1)?.end ?? from + 1
  const found: Found[] = []
  if (isLetter(text[from - 1])) return { found, end }
  const digits = groups.reduce((sum, group) => sum + group.end - group.start, 0)
  if (text[from - 1] === '+' && digits >= 8 && digits <= 15) {
    return { found: [{ infoType: 'PHONE_NUMBER', start: from - 1, end }], end }
  }
  for (let first = 0; first < groups.length; first++) {
    const start = groups[first]?.start ?? 0
    const lastOfCard = cardFrom(text, groups, first)
    const lastOfSsn = isSsn(text, groups.slice(first, first + 3)) ? first + 2 : undefined
    const last = lastOfCard ?? lastOfSsn
    const stop = last === undefined ? undefined : groups[last]?.end
    if (last === undefined || stop === undefined || isLetter(text[stop])) continue
    const infoType = lastOfCard === undefined ? 'US_SOCIAL_SECURITY_NUMBER' : 'CREDIT_CARD_NUMBER'
    found.push({ infoType, start, end: stop })
    first = last
  }
  return { found, end }
}
