import { domainToASCII, domainToUnicode } from 'node:url'

/** What HTML takes before the `@`. */
const LOCAL = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+$/
/** What HTML takes as a part of a domain. */
const LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/

const MAX_LOCAL = 64
const MAX_ADDRESS = 254
const ASCII = /^\p{ASCII}*$/u

function isDomain(domain: string): boolean {
  const labels = domain.split('.')
  return labels.length > 1 && labels.every((label) => LABEL.test(label))
}

/** A domain as it is sent: internationalized ones in the form of IDNA, `undefined` where there is none. */
function asciiOf(domain: string): string | undefined {
  if (ASCII.test(domain)) return domain
  const ascii = domainToASCII(domain)
  // One spelling only: what is mapped to something else looks like another domain.
  return ascii !== '' && domainToUnicode(ascii) === domain.normalize('NFC').toLowerCase() ? ascii : undefined
}

/**
 * Whether a text is an email address as HTML's `<input type="email">` takes it, with a domain of two labels or more, no
 * empty part before the `@` (RFC 5321's dot-string), at most 64 and 254 octets (RFC 5321, erratum 1690 of RFC 3696), and
 * international domains (UTS 46). It says nothing about whose address it is.
 */
export function isEmail(value: string): boolean {
  if (value.length > MAX_ADDRESS) return false
  const at = value.lastIndexOf('@')
  const local = value.slice(0, Math.max(at, 0))
  if (local.length > MAX_LOCAL || !LOCAL.test(local)) return false
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..')) return false
  const domain = asciiOf(value.slice(at + 1))
  if (domain === undefined || local.length + 1 + domain.length > MAX_ADDRESS) return false
  return isDomain(domain)
}
