import type { InfoType } from '../info-types.ts'
import { AT, COLON, DIGIT, LETTER, SLASH, classAt } from './characters.ts'
import type { Units } from './characters.ts'

/** What is longer goes on as another finding of its kind. */
export const LONGEST_SECRET = 8192

/** Tokens that tell what they are by how they begin: as their issuers document them, so that scanners find them. */
interface Prefix {
  readonly text: string
  readonly infoType: InfoType
  /** Characters behind the prefix that there are at least. */
  readonly least: number
  /** Whether one of them has to be a digit, where a word could begin so. */
  readonly hasDigit?: boolean
}

const token = (text: string, least: number, infoType: InfoType = 'AUTH_TOKEN'): Prefix => ({
  text,
  infoType,
  least,
})

const PREFIXES: readonly Prefix[] = [
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((one) => token(one, 30)),
  token('github_pat_', 30),
  token('glpat-', 16),
  token('npm_', 30),
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-'].map((one) => token(one, 16)),
  ...['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_'].map((one) => token(one, 16)),
  token('ya29.', 30),
  token('hf_', 30),
  token('dop_v1_', 40),
  token('AKIA', 16, 'AWS_CREDENTIALS'),
  token('ASIA', 16, 'AWS_CREDENTIALS'),
  token('AIza', 35, 'GCP_API_KEY'),
  ...['Bearer ', 'bearer ', 'BEARER '].map((text) => ({ ...token(text, 12), hasDigit: true })),
  ...['Basic ', 'basic ', 'BASIC '].map((text) => ({
    ...token(text, 12, 'BASIC_AUTH_HEADER'),
    hasDigit: true,
  })),
]

/** Prefixes by the number of both first units, or nothing. */
const BY_PAIR = new Map<number, readonly Prefix[]>()
/** Which pairs any prefix begins with: asked for each word. */
const IS_PAIR = new Uint8Array(128 * 128)
for (const prefix of PREFIXES) {
  const pair = prefix.text.charCodeAt(0) * 128 + prefix.text.charCodeAt(1)
  IS_PAIR[pair] = 1
  BY_PAIR.set(pair, [...(BY_PAIR.get(pair) ?? []), prefix])
}
const JWT_PAIR = 'e'.charCodeAt(0) * 128 + 'y'.charCodeAt(0)
IS_PAIR[JWT_PAIR] = 1

const IS_TOKEN = new Uint8Array(128)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~+/=')
  IS_TOKEN[char.charCodeAt(0)] = 1

/** Whether a unit may stand in a token. */
function isTokenUnit(text: Units, at: number): boolean {
  return at < text.length && IS_TOKEN[text.charCodeAt(at)] === 1
}

function startsWith(text: Units, at: number, prefix: string): boolean {
  if (at + prefix.length > text.length) return false
  for (let index = 0; index < prefix.length; index++)
    if (text.charCodeAt(at + index) !== prefix.charCodeAt(index)) return false
  return true
}

/** Where a run of units of a token ends, at most {@link LONGEST_SECRET} from `from`. */
export function endOfToken(text: Units, from: number): number {
  let end = from
  while (end - from < LONGEST_SECRET && isTokenUnit(text, end)) end += 1
  return end
}

/** A dot or equals sign behind a token ends a sentence, where no more of it follows. */
function withoutDot(text: Units, from: number, end: number): number {
  let last = end
  while (last > from && text.charCodeAt(last - 1) === 46) last -= 1
  return last
}

/** A secret that begins at a word. */
interface Secret {
  readonly infoType: InfoType
  readonly start: number
  readonly end: number
}

/** Whether any secret begins with the two units at a place: the first and cheapest question. */
export function mayBeSecret(first: number, second: number): boolean {
  return first < 128 && second < 128 && IS_PAIR[first * 128 + second] === 1
}

/** What was read as the run of a token, and whether it is one. */
export interface TokenRun {
  readonly end: number
  readonly secret: Secret | undefined
}

/** Three parts, the first an object of JSON (RFC 7519); a run that is as long as can be read is one too. */
function readJwt(text: Units, start: number): TokenRun {
  const end = endOfToken(text, start)
  let dots = 0
  for (let at = start; at < end; at++) if (text.charCodeAt(at) === 46) dots += 1
  const last = end - start === LONGEST_SECRET ? end : withoutDot(text, start, end)
  const isToken = end - start === LONGEST_SECRET || (dots >= 2 && last - start > 16)
  return { end, secret: isToken ? { infoType: 'AUTH_TOKEN', start, end: last } : undefined }
}

/** The secret that begins with the word at a place, if one does, and how far was read for that. */
export function readSecret(text: Units, start: number): TokenRun {
  if (startsWith(text, start, 'eyJ')) return readJwt(text, start)
  const pair = text.charCodeAt(start) * 128 + text.charCodeAt(start + 1)
  for (const { text: prefix, infoType, least, hasDigit = false } of BY_PAIR.get(pair) ?? []) {
    if (!startsWith(text, start, prefix)) continue
    const from = start + prefix.length
    const end = endOfToken(text, from)
    const last = end - from === LONGEST_SECRET ? end : withoutDot(text, from, end)
    let digits = 0
    for (let at = from; at < last; at++) if (classAt(text, at) === DIGIT) digits += 1
    if (last - from < least || (hasDigit && digits === 0)) return { end, secret: undefined }
    // The scheme is no secret and says what stood there.
    const begin = prefix.endsWith(' ') ? from : start
    return { end, secret: { infoType, start: begin, end: last } }
  }
  return { end: start, secret: undefined }
}

const BEGIN = '-----BEGIN '
const END = '-----END '
const PRIVATE = 'PRIVATE KEY-----'
const LONGEST_LABEL = 40

function isPem(text: Units, at: number): boolean {
  // A line break may be written as an escape.
  return isTokenUnit(text, at) || [10, 13, 92].includes(at < text.length ? text.charCodeAt(at) : 0)
}

function endOfLabel(text: Units, from: number): number {
  for (let at = from; at < from + LONGEST_LABEL; at++)
    if (startsWith(text, at, PRIVATE)) return at + PRIVATE.length
  return 0
}

/** The end of a private key in PEM (RFC 7468) that begins at a place, or 0. Where its last line is missing, what is there. */
export function endOfPrivateKey(text: Units, start: number): number {
  if (!startsWith(text, start, BEGIN)) return 0
  const from = endOfLabel(text, start + BEGIN.length)
  if (from === 0) return 0
  let end = from
  while (end - from < LONGEST_SECRET - 200 && isPem(text, end)) {
    if (text.charCodeAt(end) === 45 && startsWith(text, end, END)) {
      const last = endOfLabel(text, end + END.length)
      return last === 0 ? end : last
    }
    end += 1
  }
  return end
}

const LONGEST_AUTHORITY = 1024
/** A user without a password is a token where it is as long as one. */
const LEAST_TOKEN = 20

function endsAuthority(unit: number): boolean {
  return unit <= 32 || unit === 34 || unit === 39 || unit === 47 || unit === 60 || unit === 62 || unit === 96
}

/** The password in the authority of a URL (RFC 3986, 3.2.1) whose `://` stands at a place, and how far was read. */
export function readUserInfo(text: Units, colon: number): TokenRun {
  if (classAt(text, colon + 1) !== SLASH || classAt(text, colon + 2) !== SLASH)
    return { end: colon, secret: undefined }
  if (classAt(text, colon - 1) !== LETTER && classAt(text, colon - 1) !== DIGIT)
    return { end: colon, secret: undefined }
  const from = colon + 3
  let at = from
  let sign = 0
  let host = 0
  for (; at < text.length && at - from < LONGEST_AUTHORITY && !endsAuthority(text.charCodeAt(at)); at++) {
    const kind = classAt(text, at)
    if (kind === COLON && sign === 0) sign = at
    if (kind === AT) host = at
  }
  if (host <= from) return { end: at, secret: undefined }
  if (sign > 0 && sign < host - 1)
    return { end: at, secret: { infoType: 'PASSWORD', start: sign + 1, end: host } }
  const isToken = sign === 0 && host - from >= LEAST_TOKEN
  return { end: at, secret: isToken ? { infoType: 'AUTH_TOKEN', start: from, end: host } : undefined }
}
