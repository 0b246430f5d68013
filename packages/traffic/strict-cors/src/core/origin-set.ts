import { areLabels, LONGEST_HOST, schemeOf } from './origin.ts'

const LONGEST_ORIGIN = 'https://'.length + LONGEST_HOST + ':65535'.length

/** A set of origins and of patterns for subdomains. */
export interface OriginSet {
  /** Whether an origin is in the set: byte for byte, or a subdomain of any depth where a pattern stands. */
  has(origin: string): boolean
}

/**
 * Compiles origins that `checkOrigin` finds nothing wrong with. A look-up takes as long for 10,000 origins as for one.
 * No regular expression takes part.
 */
export function compileOrigins(origins: readonly string[]): OriginSet {
  const exact = new Set<string>()
  // `https://*.example.com:8443` is kept as `https://.example.com:8443`: scheme, and all from the dot.
  const below = new Set<string>()
  const lengths = new Set<number>()
  for (const origin of origins) {
    const scheme = schemeOf(origin) ?? ''
    if (!origin.startsWith('*.', scheme.length)) {
      exact.add(origin)
      continue
    }
    const fromDot = origin.slice(scheme.length + 1)
    below.add(scheme + fromDot)
    lengths.add(fromDot.length)
  }

  function hasPattern(origin: string): boolean {
    const scheme = origin.length > LONGEST_ORIGIN ? undefined : schemeOf(origin)
    if (scheme === undefined) return false
    const start = scheme.length
    const colon = origin.indexOf(':', start)
    if ((colon === -1 ? origin.length : colon) - start > LONGEST_HOST) return false
    for (let dot = origin.indexOf('.', start); dot !== -1; dot = origin.indexOf('.', dot + 1)) {
      if (!lengths.has(origin.length - dot) || !below.has(scheme + origin.slice(dot))) continue
      if (areLabels(origin, start, dot)) return true
    }
    return false
  }

  return { has: (origin) => exact.has(origin) || (below.size > 0 && hasPattern(origin)) }
}
