import {
  createScopedValue,
  decide,
  defineGate,
  onceRoutesKnown,
  optionsInUse,
  routeRecordOf,
} from '@portcullis/kernel'
import type { DecisionResult, RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { addConcurrency, closedLimits } from './concurrency.ts'
import { afterBlocks, blocked, blockedOperations } from './blocks/blocked.ts'
import { memberAt, readAccount } from './core/account.ts'
import { decideByAddress, decideLimits, refuseGone } from './decide-limits.ts'
import type { PricedPolicy } from './decide-limits.ts'
import { decorate } from './decorators.ts'
import type { RunningLimiter } from './decorators.ts'
import { checkSettings, openLimiter } from './limiter.ts'
import type { Limiter } from './limiter.ts'
import { addBudgetCheck, requireFacts, requireFields, watchAnswers } from './operations.ts'
import { liveOptions } from './live-options.ts'
import type { LiveOptions } from './live-options.ts'
import { userRateLimitOptions } from './options.ts'
import type { ResolvedUserRateLimitOptions, UserRateLimitOptions } from './options.ts'
import { priceOperations } from './price-operations.ts'
import { compilePolicies, unnamedPolicies } from './policies/compile-policies.ts'
import type { CompiledPolicies, CompiledPolicy, DecisionPoint } from './policies/compile-policies.ts'

const NAME = 'userRateLimit'

const limiters = createScopedValue<RunningLimiter>()

function limiterOf(scope: FastifyInstance): RunningLimiter {
  const limiter = limiters.get(scope)
  if (limiter === undefined) {
    throw new Error('user-rate-limit counts once the app is ready, in the scope it is registered in')
  }
  return limiter
}

const NONE: readonly CompiledPolicy[] = []

/** Finds the policies of requests, compiled once for each route. */
function routePolicies(live: LiveOptions): {
  at(request: FastifyRequest, point: DecisionPoint): readonly CompiledPolicy[]
  forget(): void
} {
  let known = new WeakMap<RouteRecord, CompiledPolicies['at'] | false>()
  return {
    at(request, point) {
      const route = routeRecordOf(request)
      let policies = known.get(route)
      if (policies === undefined) {
        const options = live.of(request)
        policies = options !== false && compilePolicies(options).at
        known.set(route, policies)
      }
      return policies === false ? NONE : policies[point]
    },
    forget() {
      known = new WeakMap()
    },
  }
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
  const own = compilePolicies(options)
  const byOperation = [...own.list, ...own.optIn].find(({ points }) => points.has('budget'))
  const gate = await addBudgetCheck(app, byOperation, async (batch) => {
    const { request, reply } = batch
    const refused = await blockedOperations(limiterOf(app), batch)
    if (refused !== undefined) return refused
    const due = policies.at(request, 'budget')
    if (due.length === 0) return undefined
    const priced = await priceOperations(due, batch)
    return (await decideLimits(limiterOf(app), priced, request, reply)) ?? refuseGone(request)
  })
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
      if (limiter.blocks.list.isEmpty) return decideNow()
      // By now hooks of a route may have found out who asks.
      return afterBlocks(blocked(limiter, request, 'principal'), decideNow)
    },
  })
  const check = (scope: FastifyInstance, given: Readonly<ResolvedUserRateLimitOptions>): void => {
    const { list } = compilePolicies(given)
    requireFacts(scope, list)
    requireFields(gate?.doorsWithin(scope) ?? [], list)
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
