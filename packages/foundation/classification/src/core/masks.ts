import { isIP } from 'node:net'
import type { InfoType } from './info-types.ts'
import { foldDigits } from './scan/characters.ts'

/** What stands for a value of which nothing is shown. Its length says nothing of the value's. */
export const HIDDEN = '***'

/** Nothing classified is longer; what is, is hidden whole without being read. */
const LONGEST = 1024

/** The digits of a text, of whatever script, as ASCII. */
function digitsOf(text: string): string {
  return foldDigits(text).replaceAll(/[^0-9]/g, '')
}

function maskSsn(text: string): string {
  const digits = digitsOf(text)
  return `***-**-${digits.length === 9 ? digits.slice(-4) : '****'}`
}

function maskPan(text: string): string {
  const digits = digitsOf(text)
  return `****-****-****-${digits.length >= 12 && digits.length <= 19 ? digits.slice(-4) : '****'}`
}

/** Whether a text is the domain of an address and nothing more: what is more could be anything, and would be shown. */
function isDomain(text: string): boolean {
  const labels = text.split('.')
  const isName = labels.every((label) => /^[\p{L}\p{N}-]+$/u.test(label))
  return isName && labels.length > 1 && /^\p{L}/u.test(labels.at(-1) ?? '')
}

function maskEmail(text: string): string {
  const [name = '', domain = '', ...more] = text.trim().split('@')
  if (name === '' || !isDomain(domain) || more.length > 0) return HIDDEN
  const local = Array.from(name)
  return `${local.length >= 5 ? local[0] : ''}***@${domain}`
}

function maskPhone(text: string): string {
  const digits = digitsOf(text)
  if (digits.length < 8 || digits.length > 15) return '***-***-****'
  return digits.length >= 10 ? `***-***-${digits.slice(-4)}` : `***-***-**${digits.slice(-2)}`
}

function maskIban(text: string): string {
  const compact = text.replaceAll(/[\s-]/g, '').toUpperCase()
  const looksRight = compact.length >= 15 && compact.length <= 34 && /^[A-Z]{2}[0-9A-Z]+$/.test(compact)
  return looksRight ? `${compact.slice(0, 2)}** **** **** ${compact.slice(-4)}` : '**** **** **** ****'
}

/** IPv6 as its eight groups. Takes only what `isIP` found to be version 6. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const width = [...before, ...after].reduce((sum, group) => sum + (group.includes('.') ? 2 : 1), 0)
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - width) }, () => '0')
  return [...before, ...zeros, ...after]
}

/** The network of an address: /24 of IPv4, /48 of IPv6. An IPv4 address written as IPv6 counts as IPv4. */
function maskIp(text: string): string {
  const address = text.trim()
  const version = isIP(address)
  if (version === 4) return `${address.split('.').slice(0, 3).join('.')}.0`
  if (version !== 6) return HIDDEN
  const groups = groupsOf(address)
  const last = groups.at(-1) ?? ''
  const mapped = groups.slice(0, 5).every((group) => /^0+$/.test(group))
  if (last.includes('.')) return mapped ? maskIp(last) : HIDDEN
  if (mapped) return '::'
  const network = groups.slice(0, 3).map((group) => group.replace(/^0+(?=.)/, ''))
  return `${network.join(':')}::`
}

function maskDate(text: string): string {
  const folded = foldDigits(text)
  return /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(folded) ? `${folded.slice(0, 4)}-**-**` : HIDDEN
}

/** Whether a unit of a text is white space as `\s` has it, which is asked for each unit of many names. */
function isSpace(unit: number): boolean {
  if (unit < 0x1680) return unit === 32 || (unit >= 9 && unit <= 13) || unit === 0xa0
  return String.fromCharCode(unit).trim() === ''
}

/** A character outside of the basic plane is two units long. */
function unitsAt(text: string, index: number): number {
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1
}

/** The first character of a word of at least five; nothing of a shorter one. */
function maskWord(text: string, from: number, to: number): string {
  let characters = 0
  for (let at = from; at < to && characters < 5; at += unitsAt(text, at)) characters++
  return characters < 5 ? HIDDEN : `${text.slice(from, from + unitsAt(text, from))}***`
}

/** Four words at most: more would tell how many there are. */
function maskName(text: string): string {
  let masked = ''
  let words = 0
  let from = -1
  for (let at = 0; at <= text.length && words < 4; at++) {
    const isWithin = at < text.length && !isSpace(text.charCodeAt(at))
    if (isWithin) {
      if (from < 0) from = at
    } else if (from >= 0) {
      masked += words === 0 ? maskWord(text, from, at) : ` ${maskWord(text, from, at)}`
      words++
      from = -1
    }
  }
  return words === 0 ? HIDDEN : masked
}

const MASKS: Partial<Record<InfoType, (text: string) => string>> = {
  CREDIT_CARD_NUMBER: maskPan,
  DATE: maskDate,
  DATE_OF_BIRTH: maskDate,
  EMAIL_ADDRESS: maskEmail,
  IBAN_CODE: maskIban,
  IP_ADDRESS: maskIp,
  PERSON_NAME: maskName,
  PHONE_NUMBER: maskPhone,
  US_SOCIAL_SECURITY_NUMBER: maskSsn,
}

/**
 * The partial mask of a text: what may be shown of it to somebody who may not see all. Takes time linear in the text.
 *
 * Social security numbers keep the last four of nine digits; card numbers the last four of 12 to 19 (PCI DSS 3.4.1
 * allows at most that and the issuer's part); a value that is shorter or longer than its kind is hidden whole. An empty
 * text stays empty.
 */
export function maskText(infoType: InfoType, text: string): string {
  if (text === '') return ''
  return MASKS[infoType]?.(text.length > LONGEST ? '' : text) ?? HIDDEN
}
