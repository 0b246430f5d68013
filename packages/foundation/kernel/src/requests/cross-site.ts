import type { FastifyRequest } from 'fastify'
import { isUpgrade } from './is-upgrade.ts'

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether a request may change something: by its method (RFC 9110, section 9.2.1), or because it asks for a WebSocket,
 * which is opened by a safe method, and reads and writes.
 */
export function isUnsafe(request: FastifyRequest): boolean {
  return !SAFE.has(request.method) || isUpgrade(request)
}

function isHostOf(request: FastifyRequest, origin: string): boolean {
  if (!URL.canParse(origin)) return false
  const { host, protocol } = new URL(origin)
  // Fastify's host knows HTTP/2, which has no Host header, and proxies that are trusted. Behind one that is not, a
  // request that came over TLS looks like one that did not; the other way round there is no such mistake.
  return host === request.host && (request.protocol !== 'https' || protocol === 'https:')
}

/**
 * Whether a page of another origin made a browser send this, as Fetch metadata tells, or else the Origin header. A
 * request with neither comes from no browser that sends cookies across sites. Safe methods change nothing.
 *
 * @param trusted whether pages of an origin may
 */
export function isCrossSite(request: FastifyRequest, trusted: (origin: string) => boolean): boolean {
  if (!isUnsafe(request)) return false
  const { origin } = request.headers
  if (origin !== undefined && trusted(origin)) return false
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && !isHostOf(request, origin)
}
