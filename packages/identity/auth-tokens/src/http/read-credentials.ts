import type { FastifyRequest } from 'fastify'
import { InvalidRequest } from '../errors.ts'
import { readCookie } from './cookies.ts'

/** An access token that a request carries, and how. */
export interface Credentials {
  readonly token: string
  readonly via: 'header' | 'cookie'
}

/** Scheme, one space, one token: nothing else is a bearer token (RFC 6750, section 2.1). */
const BEARER = /^bearer (\S+)$/i
/** A header that means to be one. */
const MEANT_AS_BEARER = /^bearer(?:[ \t]|$)/i

function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === name) count++
  return count
}

function fromHeader({ headers, raw }: FastifyRequest): string | undefined {
  const { authorization } = headers
  if (authorization === undefined) return undefined
  if (countOf(raw.rawHeaders, 'authorization') > 1) throw new InvalidRequest()
  if (!MEANT_AS_BEARER.test(authorization)) return undefined
  const token = BEARER.exec(authorization)?.[1]
  if (token === undefined) throw new InvalidRequest()
  return token
}

/**
 * The access token of a request. A header of another scheme is somebody else's business.
 *
 * @param cookieName where cookies are taken
 * @throws INVALID_REQUEST for a header that cannot be read, two of them, or a token in a header and in a cookie (RFC 6750,
 * section 2)
 */
export function readCredentials(
  request: FastifyRequest,
  cookieName: string | undefined,
): Credentials | undefined {
  const header = fromHeader(request)
  const cookie = cookieName === undefined ? undefined : readCookie(request.headers.cookie, cookieName)
  if (header !== undefined && cookie !== undefined) throw new InvalidRequest()
  if (header !== undefined) return { token: header, via: 'header' }
  return cookie === undefined ? undefined : { token: cookie, via: 'cookie' }
}
