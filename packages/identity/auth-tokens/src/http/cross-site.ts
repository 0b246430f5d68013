import type { FastifyRequest } from 'fastify'
import { isUpgrade } from '@portcullis/kernel'

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

/**
 * Whether a page of another origin made a browser send this, as Fetch metadata tells, or else the Origin header. A
 * request with neither comes from no browser that sends cookies across sites. Safe methods change nothing; a WebSocket is
 * opened by one, and reads and writes.
 *
 * @param trusted origins whose pages may
 */
export function isCrossSite(request: FastifyRequest, trusted: readonly string[]): boolean {
  if (SAFE.has(request.method) && !isUpgrade(request)) return false
  const { origin } = request.headers
  if (origin !== undefined && trusted.includes(origin)) return false
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  if (origin === undefined) return false
  const host = hostOf(origin)
  // Fastify's host knows HTTP/2, which has no Host header, and proxies that are trusted.
  return host === undefined || host !== request.host
}
