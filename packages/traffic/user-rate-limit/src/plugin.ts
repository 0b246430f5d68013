import { createScopedValue, decide, defineGate, onceRoutesKnown, optionsInUse } from '@portcullis/kernel'
import type { DecisionResult } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { addConcurrency, closedLimits, operationLimits, takeOperationSlots } from './concurrency.ts'
import { closeWhenBlocked } from './blocks/end-blocked.ts'
import { afterBlocks, blocked, blockedOperations } from './blocks/blocked.ts'
import { memberAt, readAccount } from './core/account.ts'
import { decideByAddress, decideLimits, refuseGone } from './decide-limits.ts'
import type { PricedPolicy } from './decide-limits.ts'
import { decorate } from './decorators.ts'
import type { RunningLimiter } from './decorators.ts'
import { checkSettings, openLimiter } from './limiter.ts'
import type { Limiter } from './limiter.ts'
import {
  addBudgetCheck,
  fieldsOfPolicies,
  requireFacts,
  requireFields,
  requireOperations,
  watchAnswers,
} from './operations.ts'
import { liveOptions } from './live-options.ts'
import type { LiveOptions } from './live-options.ts'
import { userRateLimitOptions } from './options.ts'
import type { ResolvedUserRateLimitOptions, UserRateLimitOptions } from './options.ts'
import { priceOperations } from './price-operations.ts'
import { addSubscriptionLimits } from './subscriptions/limit-subscriptions.ts'
import { compilePolicies } from './policies/compile-policies.ts'
import type { CompiledPolicy, DecisionPoint } from './policies/compile-policies.ts'

const NAME = 'userRateLimit'

const limiters = createScopedValue<RunningLimiter>()

function limiterOf(scope: FastifyInstance): RunningLimiter {
  const limiter = limiters.get(scope)
  if (limiter === undefined) {
    throw new Error('user-rate-limit counts once the app is ready, in the scope it is registered in')
  }
  return limiter
}

function policiesAt(
  live: LiveOptions,
  request: FastifyRequest,
  point: DecisionPoint,
): readonly CompiledPolicy[] {
  const options = live.of(request)
  if (options === false) return []
  return compilePolicies(options).at[point]
}

async function decideAt(
  limiter: Limiter,
  policies: readonly CompiledPolicy[],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<DecisionResult> {
  const priced: PricedPolicy[] = []
  for (const compiled of policies) {
    const { when, cost, account } = compiled
    if (typeof when === 'function' && !(await when(request))) continue
    priced.push({
      compiled,
      cost: typeof cost === 'function' ? await cost(request) : Number(cost),
      ...(account?.body === undefined ? {} : { account: readAccount(memberAt(request.body, account.body)) }),
    })
  }
  return decideLimits(limiter, priced, request, reply)
}

/** Decides at once where no more than the address has to be known. */
function decideFor(
  limiter: Limiter,
  policies: readonly CompiledPolicy[],
  request: FastifyRequest,
  reply: FastifyReply,
): DecisionResult | Promise<DecisionResult> {
  const decided = decideByAddress(limiter, policies, request, reply)
  return decided === false ? decideAt(limiter, policies, request, reply) : decided
}

/** The first option of the plugin that needs to know operations. */
function firstByOperation(options: Readonly<ResolvedUserRateLimitOptions>): string | undefined {
  const policy = compilePolicies(options).list.find(
    ({ points }) => points.has('budget') || points.has('event'),
  )
  if (policy !== undefined) return `policies.${policy.policy.name}`
  const [limit] = operationLimits(options)
  return limit === undefined ? undefined : `concurrency.${limit.name}`
}

async function register(
  app: FastifyInstance,
  options: Readonly<ResolvedUserRateLimitOptions>,
): Promise<void> {
  const live = liveOptions(app, options)
  decorate(app, limiterOf)
  for (const point of ['address', 'principal'] as const) {
    decide(app, {
      stage: 'onRequest',
      phase: point,
      name: NAME,
      run(request, reply) {
        const policies = policiesAt(live, request, point)
        const decideLimitsNow = (): DecisionResult | Promise<DecisionResult> =>
          policies.length === 0 ? undefined : decideFor(limiterOf(app), policies, request, reply)
        return afterBlocks(blocked(limiterOf(app), request, point), decideLimitsNow)
      },
    })
  }
  addConcurrency(app, limiterOf)
  const byOperation = firstByOperation(options)
  const gate = await addBudgetCheck(app, byOperation, async (batch) => {
    const { request, reply } = batch
    const refused = await blockedOperations(limiterOf(app), batch)
    if (refused !== undefined) return refused
    const limiter = limiterOf(app)
    const policies = policiesAt(live, request, 'budget')
    const priced = await priceOperations(policies, batch)
    return (
      (await decideLimits(limiter, priced, request, reply)) ??
      (await takeOperationSlots(limiter, live.of(request), batch)) ??
      (policies.length === 0 ? undefined : refuseGone(request))
    )
  })
  if (gate !== undefined) {
    addSubscriptionLimits(app, gate, {
      limiter: () => limiterOf(app),
      policies: (request) => policiesAt(live, request, 'event'),
    })
  }
  decide(app, {
    stage: 'preHandler',
    phase: 'resource',
    name: NAME,
    run(request, reply) {
      const policies = policiesAt(live, request, 'resource')
      const decideLimitsNow = (): DecisionResult | Promise<DecisionResult> => {
        // What operations say of the account was counted with them.
        const isDoor = policies.length > 0 && gate?.isDoor(request) === true
        const due = isDoor ? policies.filter(({ points }) => !points.has('budget')) : policies
        return due.length === 0 ? undefined : decideAt(limiterOf(app), due, request, reply)
      }
      closeWhenBlocked(limiterOf(app), request, reply)
      // By now hooks of a route may have found out who asks.
      return afterBlocks(blocked(limiterOf(app), request, 'principal'), decideLimitsNow)
    },
  })
  const check = (scope: FastifyInstance, given: Readonly<ResolvedUserRateLimitOptions>): void => {
    const { list } = compilePolicies(given)
    requireFacts(scope, list)
    const limits = operationLimits(given).map(({ name, selection: { fields } }) => ({
      option: `concurrency.${name}`,
      fields,
    }))
    for (const { option } of limits) requireOperations(scope, option)
    requireFields(gate?.doorsWithin(scope) ?? [], [...fieldsOfPolicies(list), ...limits])
  }
  onceRoutesKnown(app, async () => {
    const inUse = optionsInUse<ResolvedUserRateLimitOptions>(app, NAME)
    for (const one of inUse) check(one.scope, one.options)
    const everywhere = inUse.flatMap((one) => compilePolicies(one.options).list)
    if (gate !== undefined && app.hasRequestDecorator('queryCost')) watchAnswers(app, gate)
    if (everywhere.length === 0 && inUse.every((one) => Object.keys(one.options.concurrency).length === 0)) {
      app.log.warn(
        'userRateLimit: no policy is in use, so no request is limited. Give policies to the plugin or to a route.',
      )
    }
    checkSettings(app, options)
    const closed = everywhere
      .filter(({ policy }) => policy.onStoreError === 'closed')
      .map(({ policy }) => policy.name)
      .concat(inUse.flatMap((one) => closedLimits(one.options)))
    const limiter = await openLimiter(app, options, [...new Set(closed)])
    limiters.set(app, { ...limiter, reload: (next) => live.replace(next, check) })
  })
  app.addHook('onClose', async () => {
    const limiter = limiters.get(app)
    limiter?.blocks.close()
    await limiter?.store.close()
  })
}

/**
 * Limits requests by policies: per address, principal, tenant or anything an app names, by request or by the price of
 * GraphQL operations, exactly and in one round trip.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION,
 * PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE, PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE
 */
export const userRateLimit: FastifyPluginAsync<UserRateLimitOptions> = defineGate<
  UserRateLimitOptions,
  ResolvedUserRateLimitOptions
>({ name: NAME, package: '@portcullis/user-rate-limit', options: userRateLimitOptions, register })
