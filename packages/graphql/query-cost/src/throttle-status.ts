import { gateFactsOf } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'

/** How much may be spent, in the names that clients of such APIs know. */
export interface ThrottleStatus {
  /** Most units at once. */
  readonly maximumAvailable: number
  /** Units left, with this request's price taken off. */
  readonly currentlyAvailable: number
  /** Units that come back in a second. */
  readonly restoreRate: number
}

/** The policy that charges prices and has the least left; `undefined` where there is none. */
export function throttleStatusOf(request: FastifyRequest): ThrottleStatus | undefined {
  const [scarcest] = (gateFactsOf(request).userRateLimit ?? [])
    .filter(({ charges, degraded }) => charges === 'queryCost' && degraded !== 'open')
    .toSorted((a, b) => a.remaining - b.remaining)
  const { window, capacity } = scarcest?.policy ?? {}
  if (scarcest === undefined || window === undefined || capacity === undefined) return undefined
  return {
    maximumAvailable: capacity,
    currentlyAvailable: scarcest.remaining,
    restoreRate: scarcest.quota / (window / 1000),
  }
}
