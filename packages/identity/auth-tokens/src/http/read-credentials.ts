import type { FastifyRequest } from 'fastify'
import { InvalidRequest } from '../errors.ts'
import { readCookie } from './cookies.ts'

/** An access token that a request carries, and how. */
export interface Credentials {
  readonly token: string
  /** The scheme of the header, or the cookie. */
  readonly via: 'bearer' | 'dpop' | 'cookie'
}

/** Scheme, one space, one token: nothing else carries one (RFC 6750, section 2.1; RFC 9449, section 7.1). */
const CARRIER = /^(?:bearer|dpop) (\S+)$/i

function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === name) count++
  return count
}

/** The scheme of an Authorization header, in lower case. */
export function schemeOf({ headers }: FastifyRequest): string | undefined {
  return headers.authorization?.split(/[ \t]/, 1)[0]?.toLowerCase()
}

function fromHeader(request: FastifyRequest, takesDpop: boolean): Credentials | undefined {
  const via = schemeOf(request)
  if (via === undefined) return undefined
  if (countOf(request.raw.rawHeaders, 'authorization') > 1) throw new InvalidRequest()
  if (via !== 'bearer' && !(via === 'dpop' && takesDpop)) return undefined
  const token = CARRIER.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined) throw new InvalidRequest()
  return { token, via }
}

/**
 * The access token of a request. A header of another scheme is somebody else's business.
 *
 * @param cookieName where cookies are taken
 * @param takesDpop whether the scheme DPoP is ours
 * @throws INVALID_REQUEST for a header that cannot be read, two of them, or a token in a header and in a cookie (RFC 6750,
 * section 2)
 */
export function readCredentials(
  request: FastifyRequest,
  cookieName: string | undefined,
  takesDpop: boolean,
): Credentials | undefined {
  const header = fromHeader(request, takesDpop)
  const cookie = cookieName === undefined ? undefined : readCookie(request.headers.cookie, cookieName)
  if (header !== undefined && cookie !== undefined) throw new InvalidRequest()
  if (header !== undefined) return header
  return cookie === undefined ? undefined : { token: cookie, via: 'cookie' }
}
