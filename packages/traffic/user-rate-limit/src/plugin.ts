import { createScopedValue, decide, defineGate, onceRoutesKnown, optionsInUse } from '@portcullis/kernel'
import type { DecisionResult } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { addConcurrency, closedLimits, operationLimits, takeOperationSlots } from './concurrency.ts'
import { closeWhenBlocked } from './blocks/end-blocked.ts'
import { afterBlocks, blocked, blockedOperations } from './blocks/blocked.ts'
import { decideLimits, refuseGone } from './decide-limits.ts'
import { decideAt, decideFor } from './decide-request.ts'
import { decorate } from './decorators.ts'
import type { RunningLimiter } from './decorators.ts'
import { checkSettings, openLimiter } from './limiter.ts'
import {
  addBudgetCheck,
  fieldsOfPolicies,
  requireFacts,
  requireFields,
  requireOperations,
  watchAnswers,
} from './operations.ts'
import { liveOptions } from './live-options.ts'
import { userRateLimitOptions } from './options.ts'
import type { ResolvedUserRateLimitOptions, UserRateLimitOptions } from './options.ts'
import { priceOperations } from './price-operations.ts'
import { compilePolicies, unnamedPolicies } from './policies/compile-policies.ts'
import { routePolicies } from './policies/route-policies.ts'
import { addSubscriptionLimits } from './subscriptions/limit-subscriptions.ts'

const NAME = 'userRateLimit'

const limiters = createScopedValue<RunningLimiter>()

function limiterOf(scope: FastifyInstance): RunningLimiter {
  const limiter = limiters.get(scope)
  if (limiter === undefined) {
    throw new Error('user-rate-limit counts once the app is ready, in the scope it is registered in')
  }
  return limiter
}

/** The first option of the plugin that needs to know operations. */
function firstByOperation(options: Readonly<ResolvedUserRateLimitOptions>): string | undefined {
  const { list, optIn } = compilePolicies(options)
  const policy = [...list, ...optIn].find(({ points }) => points.has('budget') || points.has('event'))
  if (policy !== undefined) return `policies.${policy.policy.name}`
  const [limit] = operationLimits(options)
  return limit === undefined ? undefined : `concurrency.${limit.name}`
}

async function register(
  app: FastifyInstance,
  options: Readonly<ResolvedUserRateLimitOptions>,
): Promise<void> {
  const live = liveOptions(app, options, (scope) => limiters.get(scope) === limiters.get(app))
  const policies = routePolicies(live)
  decorate(app, limiterOf)
  for (const point of ['address', 'principal'] as const) {
    decide(app, {
      stage: 'onRequest',
      phase: point,
      name: NAME,
      run(request, reply) {
        const limiter = limiterOf(app)
        const decideNow = (): DecisionResult | Promise<DecisionResult> => {
          const due = policies.at(request, point)
          return due.length === 0 ? undefined : decideFor(limiter, due, request, reply)
        }
        return limiter.blocks.list.isEmpty
          ? decideNow()
          : afterBlocks(blocked(limiter, request, point), decideNow)
      },
    })
  }
  addConcurrency(app, limiterOf)
  const byOperation = firstByOperation(options)
  const gate = await addBudgetCheck(app, byOperation, async (batch) => {
    const { request, reply } = batch
    const limiter = limiterOf(app)
    const refused = await blockedOperations(limiter, batch)
    if (refused !== undefined) return refused
    const due = policies.at(request, 'budget')
    const priced = await priceOperations(due, batch)
    return (
      (await decideLimits(limiter, priced, request, reply)) ??
      (await takeOperationSlots(limiter, live.of(request), batch)) ??
      (due.length === 0 ? undefined : refuseGone(request))
    )
  })
  if (gate !== undefined) {
    addSubscriptionLimits(app, gate, {
      limiter: () => limiterOf(app),
      policies: (request) => policies.at(request, 'event'),
    })
  }
  decide(app, {
    stage: 'preHandler',
    phase: 'resource',
    name: NAME,
    run(request, reply) {
      const limiter = limiterOf(app)
      const decideNow = (): DecisionResult | Promise<DecisionResult> => {
        const all = policies.at(request, 'resource')
        // What operations say of the account was counted with them.
        const isDoor = all.length > 0 && gate?.isDoor(request) === true
        const due = isDoor ? all.filter(({ points }) => !points.has('budget')) : all
        return due.length === 0 ? undefined : decideAt(limiter, due, request, reply)
      }
      closeWhenBlocked(limiter, request, reply)
      if (limiter.blocks.list.isEmpty) return decideNow()
      // By now hooks of a route may have found out who asks.
      return afterBlocks(blocked(limiter, request, 'principal'), decideNow)
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
    for (const name of unnamedPolicies(inUse.map((one) => one.options))) {
      app.log.warn(
        `userRateLimit: the policy '${name}' is optIn and no route names it, so it limits nothing. Name it in config.userRateLimit.policies of a route.`,
      )
    }
    checkSettings(app, options)
    const closed = everywhere
      .filter(({ policy }) => policy.onStoreError === 'closed')
      .map(({ policy }) => policy.name)
      .concat(inUse.flatMap((one) => closedLimits(one.options)))
    const limiter = await openLimiter(app, options, [...new Set(closed)])
    limiters.set(app, {
      ...limiter,
      reload(next) {
        live.replace(next, check)
        policies.forget()
      },
      all: () => live.all(),
    })
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
