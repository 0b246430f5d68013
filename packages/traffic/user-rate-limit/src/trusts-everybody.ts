import type { FastifyInstance } from 'fastify'

/** Two addresses of no proxy anybody could have named: RFC 5737 keeps them for documentation. */
const SENDER = '203.0.113.254'
const CLAIMED = '192.0.2.254'

interface Addressed {
  readonly ip?: string
}

/** Where Fastify keeps the class of its requests; `undefined` in a release that keeps it elsewhere. */
function requestClassOf(app: FastifyInstance): { readonly prototype: object } | undefined {
  for (
    let holder: object | null = app;
    holder !== null;
    holder = Object.getPrototypeOf(holder) as object | null
  ) {
    const symbol = Object.getOwnPropertySymbols(holder).find((one) => one.description === 'fastify.Request')
    if (symbol !== undefined)
      return (holder as Record<symbol, { readonly prototype: object } | undefined>)[symbol]
  }
  return undefined
}

/**
 * Whether the app believes anybody who says to be a proxy, as with `trustProxy: true`: then each request can come from
 * an address of its own choice. Fastify does not tell the option, so a request that never was is asked for its address.
 */
export function trustsEverybody(app: FastifyInstance): boolean {
  const prototype = requestClassOf(app)?.prototype
  if (prototype === undefined) return false
  const raw = { socket: { remoteAddress: SENDER }, headers: { 'x-forwarded-for': CLAIMED } }
  try {
    return (Object.assign(Object.create(prototype) as object, { raw }) as Addressed).ip === CLAIMED
  } catch {
    return false
  }
}
