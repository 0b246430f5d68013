import { createRequestValue, gateFactsOf, onSettled } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { Limit, Reservation } from './core/verdict.ts'
import type { RateLimitStore } from './stores/store.ts'

/** Operations whose price was reserved together. */
export interface ReservedPrice {
  readonly store: RateLimitStore
  readonly reservation: Reservation
  /** Names of the policies that charge prices. */
  readonly policies: readonly string[]
  /** What each of them was charged. */
  readonly price: number
}

const reserved = createRequestValue<ReservedPrice[]>('portcullis.user-rate-limit.prices/1')
const unsettled = createRequestValue<true>('portcullis.user-rate-limit.unsettled/1')

/**
 * Keeps a request at its full price: its answer does not tell what was done for it. An error may have thrown away what
 * resolvers had worked for, and of a subscription only the latest event is known.
 */
export function keepPrice(request: FastifyRequest): void {
  unsettled.set(request, true)
}

/** What the operations of a request really cost, once all are answered and the answers tell. */
function actualOf(request: FastifyRequest): number | undefined {
  if (unsettled.get(request) === true) return undefined
  const actual = gateFactsOf(request).queryCost?.actual?.cost
  // Not a number is no cost that anything could be settled to.
  return actual === undefined || Number.isNaN(actual) ? undefined : Math.max(0, Math.ceil(actual))
}

/**
 * Lowers what was reserved for the price of operations to what they really cost when the response is over. What is never
 * answered, because the client has gone or a server told nothing, stays as it was reserved.
 */
export function settleLater(request: FastifyRequest, price: ReservedPrice): void {
  const known = reserved.get(request)
  if (known !== undefined) {
    known.push(price)
    return
  }
  const prices = [price]
  reserved.set(request, prices)
  onSettled(request, async () => {
    let left = actualOf(request)
    if (left === undefined) return
    for (const one of prices) {
      const actual = Math.min(one.price, left)
      left -= actual
      // A store that is away keeps the whole charge, until its window is over.
      const units = new Map(one.policies.map((name) => [name, actual]))
      await one.store.settle(one.reservation, units).catch(() => undefined)
    }
  })
}

/** The limits of a request as they are when its price is settled, as far as that is known by now. */
export function settledLimits(request: FastifyRequest, limits: readonly Limit[]): readonly Limit[] {
  const prices = reserved.get(request)
  const actual = prices === undefined ? undefined : actualOf(request)
  if (prices === undefined || actual === undefined) return limits
  const price = prices.reduce((sum, one) => sum + one.price, 0)
  const back = price - Math.min(price, actual)
  return limits.map((limit) =>
    limit.charges === 'queryCost'
      ? { ...limit, remaining: Math.min(limit.policy.capacity, limit.remaining + back) }
      : limit,
  )
}
