import type * as GraphqlGate from '@portcullis/graphql-gate'
import type { RunningSubscription } from '@portcullis/graphql-gate'
import { beginExecution, gateFactsOf } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { endWhenBlocked } from '../blocks/end-blocked.ts'
import { decideLimits } from '../decide-limits.ts'
import type { PricedPolicy } from '../decide-limits.ts'
import type { Limiter } from '../limiter.ts'
import type { CompiledPolicy } from '../policies/compile-policies.ts'

/** What is needed to limit the subscriptions of a scope. */
export interface SubscriptionLimits {
  readonly limiter: () => Limiter
  /** The policies that charge events of a request's subscriptions. */
  readonly policies: (request: FastifyRequest) => readonly CompiledPolicy[]
}

async function unitsOf({ eventCost }: CompiledPolicy, request: FastifyRequest): Promise<number> {
  if (eventCost === 'queryCost') return Math.ceil(gateFactsOf(request).queryCost?.cost ?? 0)
  return typeof eventCost === 'function' ? eventCost(request) : eventCost
}

/** What an event costs: with the policies that are for its subscription. */
async function priceEvent(
  policies: readonly CompiledPolicy[],
  { request, field }: RunningSubscription,
): Promise<PricedPolicy[]> {
  const priced: PricedPolicy[] = []
  for (const compiled of policies) {
    const { selection, when } = compiled
    const isSelected =
      selection === undefined ||
      selection.kinds.has('subscription') ||
      selection.fields.has(`subscription.${field}`)
    if (!isSelected || (typeof when === 'function' && !(await when(request)))) continue
    const cost = await unitsOf(compiled, request)
    if (cost > 0) priced.push({ compiled, cost })
  }
  return priced
}

async function decideEvent(
  limiter: Limiter,
  policies: readonly CompiledPolicy[],
  subscription: RunningSubscription,
): Promise<Refusal | undefined> {
  const { request } = subscription
  const priced = await priceEvent(policies, subscription)
  const refused = await decideLimits(limiter, priced, request, undefined)
  // What an event was charged is never given back, so nothing of it is kept: a subscription may have any number of them.
  beginExecution(request)
  return refused
}

/** Charges the events of a scope's subscriptions, and ends those that a block holds off. */
export function addSubscriptionLimits(
  app: FastifyInstance,
  gate: Pick<typeof GraphqlGate, 'addSubscriptionStep'>,
  { limiter, policies }: SubscriptionLimits,
): void {
  gate.addSubscriptionStep(app, {
    name: 'userRateLimit',
    started: (subscription) => endWhenBlocked(limiter(), subscription),
    event(subscription) {
      const charging = policies(subscription.request)
      return charging.length === 0 ? undefined : decideEvent(limiter(), charging, subscription)
    },
  })
}
