import type { ClientError } from '@portcullis/kernel'
import { PROOF_ALGORITHMS } from '../core/dpop-proof.ts'

/** Codes with what RFC 6750, section 3.1, and RFC 9449, section 7.1, call them. */
const ERRORS: Readonly<Record<string, string>> = {
  INVALID_TOKEN: 'invalid_token',
  INVALID_REQUEST: 'invalid_request',
  INVALID_DPOP_PROOF: 'invalid_dpop_proof',
}

/** What a client is asked for. */
export interface Asked {
  /** The issuer. */
  readonly realm: string
  readonly dpop: 'off' | 'allowed' | 'required'
  /** The scheme that the client used, in lower case. */
  readonly scheme: string | undefined
}

function schemesOf({ dpop }: Asked): readonly string[] {
  if (dpop === 'off') return ['Bearer']
  return dpop === 'required' ? ['DPoP'] : ['Bearer', 'DPoP']
}

/**
 * The headers of a refusal: what is asked for (RFC 6750, section 3; RFC 9449, section 7.1), and that nobody keeps the
 * answer.
 */
export function challenge(error: ClientError, asked: Asked): Readonly<Record<string, string>> {
  const noStore = { 'cache-control': 'no-store' }
  if (error.statusCode === 503) return { ...noStore, 'retry-after': '1' }
  const name = ERRORS[error.code]
  if (error.statusCode !== 401 && name === undefined) return noStore
  const schemes = schemesOf(asked)
  // The one that failed says why.
  const failed = schemes.find((scheme) => scheme.toLowerCase() === asked.scheme) ?? schemes[0]
  const challenges = schemes.map((scheme) => {
    // A realm is a quoted string; an issuer is a URL, whose quotes and backslashes are escaped already.
    const parts = [`${scheme} realm="${asked.realm}"`]
    if (name !== undefined && scheme === failed) parts.push(`error="${name}"`)
    if (scheme === 'DPoP') parts.push(`algs="${PROOF_ALGORITHMS.join(' ')}"`)
    return parts.join(', ')
  })
  return { ...noStore, 'www-authenticate': challenges.join(', ') }
}
