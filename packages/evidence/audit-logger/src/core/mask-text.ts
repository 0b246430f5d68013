import { isSensitiveName, MASKED } from './sensitive-names.ts'

const JWT = /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/

// What stands before a value that is named: `password=`, `"email": `, `Authorization: `.
const NAME_AND_SIGN = /([\p{L}\p{N}_-]{1,64})\\{0,3}["']?\s{0,3}[:=]\s{0,3}/gu
const VALUE =
  /"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?|(?:(?:bearer|basic|digest|token)\s{1,3})?[^\s&;,)}\]]+/iy
// Of a statement without its values.
const PLACEHOLDER = /^(?:\?|\$\d+)$/

const SCHEME = /\b(bearer|basic)\s{1,3}[\w.~+/=-]{8,}/gi

// Groups of digits, as cards and social security numbers are written.
const DIGITS = /\d+(?:[ .-]\d+)*/g
const CARD = /^[2-6]\d{12,18}$/
const SSN = /^\d{3}[ .-]\d{2}[ .-]\d{4}$/

function passesLuhn(digits: string): boolean {
  const sum = Array.from(digits)
    .toReversed()
    .reduce((total, digit, index) => {
      const doubled = index % 2 === 1 ? Number(digit) * 2 : Number(digit)
      return total + (doubled > 9 ? doubled - 9 : doubled)
    }, 0)
  return sum % 10 === 0
}

function isSensitiveNumber(digits: string): boolean {
  return CARD.test(digits) && passesLuhn(digits)
}

/** Masks cards and social security numbers among groups of digits that stand side by side. */
function maskGroups(run: string): string {
  // Groups at even places, what stands between them at odd ones.
  const parts = run.split(/([ .-])/)
  let masked = ''
  for (let from = 0; from < parts.length;) {
    // A card has at most 19 digits, so at most 19 groups: 37 parts.
    let to = Math.min(parts.length, from + 37)
    for (; to > from; to -= 2) {
      const piece = parts.slice(from, to).join('')
      if (SSN.test(piece) || isSensitiveNumber(piece.replaceAll(/\D/g, ''))) break
    }
    masked += to > from ? MASKED : (parts[from] ?? '')
    const next = to > from ? to : from + 1
    masked += parts[next] ?? ''
    from = next + 1
  }
  return masked
}

/** A value under a name that says nothing is looked into: it may hold names that do. */
function maskNamedValues(text: string): string {
  let masked = ''
  let done = 0
  for (const { index, 0: before, 1: name = '' } of text.matchAll(NAME_AND_SIGN)) {
    const from = index + before.length
    if (index < done || !isSensitiveName(name)) continue
    VALUE.lastIndex = from
    const [value = ''] = VALUE.exec(text) ?? []
    if (value === '' || PLACEHOLDER.test(value)) continue
    masked += text.slice(done, from) + MASKED
    done = from + value.length
  }
  return masked + text.slice(done)
}

function maskWord(word: string): string {
  return word.includes('@') || word.includes('%40') || JWT.test(word) ? MASKED : word
}

/**
 * Masks what looks like an email address, a social security or card number or a token, and what is said to be something
 * sensitive (`password=…`). Time is linear in the text.
 */
export function maskText(text: string): string {
  return maskNamedValues(text)
    .replace(SCHEME, `$1 ${MASKED}`)
    .replace(DIGITS, maskGroups)
    .split(/([\s/?&=;:,"'`<>(){}|]+)/)
    .map(maskWord)
    .join('')
}

const CODE = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/

/**
 * A reason that is a code (`bad_password`, `TOKEN_EXPIRED`) as it is; anything else masked, since free text carries what
 * users typed and what exceptions say.
 */
export function maskReason(reason: string): string {
  return CODE.test(reason) && maskText(reason) === reason ? reason : MASKED
}
