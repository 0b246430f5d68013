import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { getPublicSuffix } from 'tldts'

/** Why an origin cannot be in a list of origins. */
export type OriginReason =
  | 'wildcard'
  | 'null'
  | 'scheme'
  | 'not-ascii'
  | 'upper-case'
  | 'user-information'
  | 'path'
  | 'port'
  | 'default-port'
  | 'host'
  | 'address'
  | 'public-suffix'

/** What is wrong with an origin, and what to write instead. */
export interface OriginProblem {
  readonly reason: OriginReason
  /** A sentence: why it is refused, and the mend. */
  readonly text: string
}

/** The longest host name of DNS (RFC 1035, section 2.3.4), without the root's dot. */
export const LONGEST_HOST = 253
/** The longest label of a host name. */
const LONGEST_LABEL = 63

const SCHEMES = ['https://', 'http://'] as const
const DEFAULT_PORTS = { 'https://': '443', 'http://': '80' } as const
const HIGHEST_PORT = 65_535

/** The scheme of an origin with `://`; `undefined` for one that pages of the web do not have. */
export function schemeOf(origin: string): (typeof SCHEMES)[number] | undefined {
  return SCHEMES.find((scheme) => origin.startsWith(scheme))
}

/** Whether each label from `start` to `end` is one of a host name: letters, digits, hyphens, underscores, never empty. */
export function areLabels(text: string, start: number, end: number): boolean {
  let label = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x2e) {
      if (label === 0) return false
      label = 0
      continue
    }
    const known =
      (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f
    if (!known || ++label > LONGEST_LABEL) return false
  }
  return label > 0
}

function problem(reason: OriginReason, text: string): OriginProblem {
  return { reason, text }
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7e) return false
  return true
}

function schemeProblem(origin: string): OriginProblem {
  const written = origin.split('://')[0]
  if (origin.startsWith('file:')) {
    return problem('scheme', "pages from files have the origin 'null', which everybody can have; serve them")
  }
  return origin.includes('://')
    ? problem('scheme', `pages of the web have https or http, not '${written}'`)
    : problem('scheme', `an origin begins with its scheme: 'https://${origin}'`)
}

function portProblem(
  scheme: (typeof SCHEMES)[number],
  host: string,
  port: string,
): OriginProblem | undefined {
  const number = Number.parseInt(port, 10)
  if (String(number) !== port || number < 1 || number > HIGHEST_PORT) {
    return problem('port', `a port is a number from 1 to ${HIGHEST_PORT}, without zeros before it`)
  }
  if (port !== DEFAULT_PORTS[scheme]) return undefined
  return problem('default-port', `browsers leave the default port out: '${scheme}${host}'`)
}

function suffixProblem(base: string): OriginProblem | undefined {
  if (isIP(base) !== 0) return problem('address', 'an address has no subdomains; list addresses one by one')
  if (getPublicSuffix(base, { allowPrivateDomains: true }) !== base) return undefined
  return problem(
    'public-suffix',
    `anybody can have a name below '${base}', which is on the public suffix list or a single label; name your own domain below it`,
  )
}

function hostProblem(scheme: string, host: string): OriginProblem | undefined {
  const subdomains = host.startsWith('*.')
  const base = subdomains ? host.slice(2) : host
  if (base.includes('*')) {
    return problem('wildcard', "'*' stands for subdomains, first and alone: 'https://*.example.com'")
  }
  const canonical = URL.canParse(`${scheme}${base}`) ? new URL(`${scheme}${base}`).host : undefined
  const isV6 = base.startsWith('[')
  if (canonical !== base || (!isV6 && (base.length > LONGEST_HOST || !areLabels(base, 0, base.length)))) {
    const mend = canonical === undefined || canonical === base ? '' : `: '${scheme}${canonical}'`
    return problem('host', `browsers never send this host; write it as they do${mend}`)
  }
  if (!subdomains) return undefined
  return isV6 ? problem('address', 'an address has no subdomains') : suffixProblem(base)
}

/**
 * What is wrong with an origin (RFC 6454, section 6.2, as browsers serialize it), or with a pattern for the subdomains
 * of a domain, `https://*.example.com`, if anything is.
 */
export function checkOrigin(origin: string): OriginProblem | undefined {
  if (origin === '*')
    return problem('wildcard', 'it lets every page in, so it stands alone; list the origins')
  if (origin === 'null') {
    return problem('null', 'sandboxed frames and local files of anybody have it; give the page an origin')
  }
  const scheme = schemeOf(origin)
  if (scheme === undefined) return schemeProblem(origin)
  const rest = origin.slice(scheme.length)
  if (rest.includes('@')) return problem('user-information', 'an origin has no user and password')
  const end = rest.search(/[/?#\\]/)
  if (end !== -1)
    return problem('path', `an origin ends before its path: '${origin.slice(0, scheme.length + end)}'`)
  const colon = rest.endsWith(']') ? -1 : rest.lastIndexOf(':')
  const host = colon === -1 ? rest : rest.slice(0, colon)
  if (!isAscii(origin)) {
    return problem('not-ascii', `browsers send the ASCII form: '${scheme}${domainToASCII(host)}'`)
  }
  if (origin !== origin.toLowerCase()) {
    return problem('upper-case', `browsers send lower case: '${origin.toLowerCase()}'`)
  }
  const wrongPort = colon === -1 ? undefined : portProblem(scheme, host, rest.slice(colon + 1))
  return wrongPort ?? hostProblem(scheme, host)
}

/** Whether an origin is of the user's own machine (Secure Contexts, section 3.1). */
export function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin)
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    (isIP(hostname) === 4 && hostname.startsWith('127.'))
  )
}
