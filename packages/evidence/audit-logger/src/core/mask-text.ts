import { maskInText } from '@portcullis/classification'
import { isSensitiveName, MASKED } from './sensitive-names.ts'

const JWT = /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/

// What stands before a value that is named: `password=`, `"email": `, `Authorization: `.
const NAME_AND_SIGN = /([\p{L}\p{N}_-]{1,64})\\{0,3}["']?\s{0,3}[:=]\s{0,3}/gu
const VALUE =
  /"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?|(?:(?:bearer|basic|digest|token)\s{1,3})?[^\s&;,)}\]]+/iy
// Of a statement without its values.
const PLACEHOLDER = /^(?:\?|\$\d+)$/

const SCHEME = /\b(bearer|basic)\s{1,3}[\w.~+/=-]{8,}/gi

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
 * Masks what the classification's scanner finds, what looks like an address or a token, and what is said to be something
 * sensitive (`password=…`). Time is linear in the text.
 */
export function maskText(text: string): string {
  return maskInText(maskNamedValues(text).replace(SCHEME, `$1 ${MASKED}`), () => MASKED)
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
