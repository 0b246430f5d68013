import { onRefused } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AccountReading } from './core/account.ts'
import { legacyFields, rateLimitField, rateLimitPolicyField, retryAfterSeconds } from './core/headers.ts'
import type { Charge, Limit, Verdict } from './core/verdict.ts'
import {
  ClientClosedRequest,
  InvalidAccount,
  RateLimitStoreUnavailable,
  Unauthenticated,
  UserRateLimitExceeded,
} from './errors.ts'
import type { Limiter } from './limiter.ts'
import type { CompiledPolicy } from './policies/compile-policies.ts'
import { partitionOf } from './policies/partition.ts'
import { plannedPolicy } from './policies/plans.ts'
import { limitsOf, rememberLimits } from './request-limits.ts'
import { settleLater } from './settle-price.ts'
import { StoreUnavailable } from './stores/failures.ts'

const GATE = 'userRateLimit'

/** What an answer tells of a state that a refusal changes. */
const TOLD = ['ratelimit', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'] as const

/** A policy with what it costs this request. */
export interface PricedPolicy {
  readonly compiled: CompiledPolicy
  readonly cost: number
  /** What the request says its account is, where the policy counts by it. */
  readonly account?: AccountReading
}

function refusal(
  compiled: CompiledPolicy | undefined,
  error: Refusal['error'],
  headers: Record<string, string>,
): Refusal {
  const details = { code: error.code, policy: compiled?.policy.name, limit: compiled?.policy.quota }
  return {
    gate: GATE,
    error,
    mode: compiled?.mode ?? 'enforce',
    headers: { ...headers, 'cache-control': 'no-store' },
    event: { type: 'rate_limit.exceeded', severity: 'WARNING', details },
  }
}

/** Without a stack, which would only tell where this gate is, and is the most expensive part of a refusal. */
function refusalError(message: string): Refusal['error'] {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return new UserRateLimitExceeded(message)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function exceeded(
  verdict: Verdict,
  charged: readonly CompiledPolicy[],
  headers: Record<string, string>,
): Refusal {
  const index = verdict.limits.findIndex((limit) => limit.violated)
  const compiled = charged[index]
  const retryAfter = retryAfterSeconds(verdict.limits)
  const error = refusalError(compiled?.message ?? 'Rate limit exceeded for user')
  error.extensions = { policy: compiled?.policy.name, ...(retryAfter === undefined ? {} : { retryAfter }) }
  return refusal(
    compiled,
    error,
    retryAfter === undefined ? headers : { ...headers, 'retry-after': String(retryAfter) },
  )
}

/** The answer while the store is away and a policy is declared `closed`. */
function unavailable(policies: readonly CompiledPolicy[]): Refusal {
  const error = new RateLimitStoreUnavailable()
  const details = { policy: policies[0]?.policy.name, behaviour: 'closed' }
  return {
    gate: GATE,
    error,
    mode: policies[0]?.mode ?? 'enforce',
    headers: { 'retry-after': '1', 'cache-control': 'no-store' },
    event: { type: 'rate_limit.store_unavailable', severity: 'ERROR', details },
  }
}

function isOpen({ degraded }: Limit): boolean {
  return degraded === 'open'
}

/** The fields of all policies that were decided so far, the same on refusals and on answers. */
function fieldsOf(limits: readonly Limit[], { headers }: Limiter): Record<string, string> {
  const enforced = limits.some(isOpen) ? limits.filter((limit) => !isOpen(limit)) : limits
  if (enforced.length === 0 || headers === false) return {}
  const legacy = headers === 'draft' ? {} : legacyFields(enforced)
  if (headers === 'legacy') return legacy
  return {
    'ratelimit-policy': rateLimitPolicyField(enforced.map(({ policy }) => policy)),
    ratelimit: rateLimitField(enforced),
    ...legacy,
  }
}

/** What a request is charged, and by which policies. */
interface Found {
  readonly charges: readonly Charge[]
  readonly charged: readonly CompiledPolicy[]
}

async function chargesOf(
  policies: readonly PricedPolicy[],
  request: FastifyRequest,
  { keys, ipv6Subnet, plans }: Limiter,
): Promise<Found | Refusal> {
  const charges: Charge[] = []
  const charged: CompiledPolicy[] = []
  for (const { compiled, cost, account } of policies) {
    if (compiled.skip !== undefined && (await compiled.skip(request))) continue
    const policy = compiled.plans.size === 0 ? compiled.policy : await plannedPolicy(compiled, request, plans)
    if (policy === undefined) continue
    const partition = await partitionOf(compiled, request, keys, ipv6Subnet, account)
    if (partition === 'skip') continue
    if (partition === 'invalid') return refusal(compiled, new InvalidAccount(), {})
    if (partition === 'deny')
      return refusal(compiled, new Unauthenticated(), { 'www-authenticate': 'Bearer' })
    charges.push({ key: partition.key, policy, cost })
    charged.push(compiled)
  }
  return { charges, charged }
}

function isByPrice({ cost }: CompiledPolicy): boolean {
  return cost === 'queryCost'
}

/** The limits with what their policies charge. */
function named(limits: readonly Limit[], charged: readonly CompiledPolicy[]): readonly Limit[] {
  if (!charged.some(isByPrice)) return limits
  return limits.map((limit, index) =>
    charged[index]?.cost === 'queryCost' ? { ...limit, charges: 'queryCost' } : limit,
  )
}

/**
 * What a verdict means for the request. What was charged is given back when a policy of a later phase refuses the
 * request; all but the penalties, when another gate does.
 */
function conclude(
  limiter: Limiter,
  { charges, charged }: Found,
  verdict: Verdict,
  request: FastifyRequest,
  reply: FastifyReply | undefined,
): Refusal | undefined {
  const { store } = limiter
  const measured = charged[0]?.mode === 'measure'
  const headers = fieldsOf(
    measured ? limitsOf(request) : rememberLimits(request, named(verdict.limits, charged)),
    limiter,
  )
  if (!verdict.allowed) return exceeded(verdict, charged, headers)
  for (const name in headers) void reply?.header(name, headers[name])
  const { reservation } = verdict
  if (reservation === undefined) return undefined
  if (charged.some(isByPrice)) {
    const byPrice = charges.filter((_charge, index) => charged[index]?.cost === 'queryCost')
    const names = byPrice.map(({ policy }) => policy.name)
    settleLater(request, { store, reservation, policies: names, price: byPrice[0]?.cost ?? 0 })
  }
  onRefused(request, async ({ gate }) => {
    // What was told is not so any more; a refusal of ours tells it anew.
    for (const name of TOLD) reply?.removeHeader(name)
    if (gate === GATE) return store.cancel(reservation)
    const penalties = new Map(charged.map(({ policy, penalty }) => [policy.name, penalty]))
    return store.settle(reservation, penalties)
  })
  return undefined
}

/** Asks the store, and says what its verdict means. */
async function ask(
  limiter: Limiter,
  { charges, charged }: Found,
  request: FastifyRequest,
  reply: FastifyReply | undefined,
): Promise<Refusal | undefined> {
  let verdict: Verdict
  try {
    verdict = await limiter.store.reserve(charges)
  } catch (error) {
    if (error instanceof StoreUnavailable)
      return unavailable(charged.filter(({ policy }) => policy.onStoreError === 'closed'))
    throw error
  }
  return conclude(limiter, { charges, charged }, verdict, request, reply)
}

/** Charges policies of one mode together, all or nothing, in one round trip. */
async function decideTogether(
  limiter: Limiter,
  policies: readonly PricedPolicy[],
  request: FastifyRequest,
  reply: FastifyReply | undefined,
): Promise<Refusal | undefined> {
  const found = await chargesOf(policies, request, limiter)
  if ('error' in found) return found
  if (found.charges.length === 0) return undefined
  return decideFound(limiter, found, request, reply)
}

/** Answers at once where the store can, as most requests can be when it is this process's memory. */
function decideFound(
  limiter: Limiter,
  found: Found,
  request: FastifyRequest,
  reply: FastifyReply | undefined,
): Refusal | undefined | Promise<Refusal | undefined> {
  const verdict = limiter.store.reserveNow?.(found.charges)
  return verdict === undefined
    ? ask(limiter, found, request, reply)
    : conclude(limiter, found, verdict, request, reply)
}

/** Whether a policy needs nothing but the address of a request: no function of the app's, no principal. */
function isByAddressAlone({ parts, skip, when, cost, mode, plans }: CompiledPolicy): boolean {
  const plain = skip === undefined && when === undefined && typeof cost === 'number' && mode === 'enforce'
  return plain && plans.size === 0 && parts.length === 1 && parts[0] === 'address'
}

const byAddressAlone = new WeakMap<readonly CompiledPolicy[], boolean>()

/**
 * Decides policies that need nothing but the address, without waiting for anything but the store.
 *
 * @returns `false` where one of them needs more
 */
export function decideByAddress(
  limiter: Limiter,
  policies: readonly CompiledPolicy[],
  request: FastifyRequest,
  reply: FastifyReply,
): Refusal | undefined | Promise<Refusal | undefined> | false {
  let plain = byAddressAlone.get(policies)
  if (plain === undefined) {
    plain = policies.every(isByAddressAlone)
    byAddressAlone.set(policies, plain)
  }
  if (!plain) return false
  const key = limiter.addressKeys.keyOf(request)
  const charges = policies.map(({ policy, cost }): Charge => ({ key, policy, cost: cost as number }))
  return decideFound(limiter, { charges, charged: policies }, request, reply)
}

/** Decides policies: those that are enforced together, then those that are only measured. */
export async function decideLimits(
  limiter: Limiter,
  policies: readonly PricedPolicy[],
  request: FastifyRequest,
  reply: FastifyReply | undefined,
): Promise<Refusal | undefined> {
  const enforced = policies.filter(({ compiled }) => compiled.mode === 'enforce')
  const refused = enforced.length > 0 ? await decideTogether(limiter, enforced, request, reply) : undefined
  if (refused !== undefined) return refused
  const measured = policies.filter(({ compiled }) => compiled.mode === 'measure')
  return measured.length > 0 ? decideTogether(limiter, measured, request, undefined) : undefined
}

/**
 * Stops operations whose client has gone while they were decided, and gives back what they had reserved. Once they run
 * they stay charged: otherwise leaving would make them free.
 */
export function refuseGone(request: FastifyRequest): Refusal | undefined {
  if (!request.raw.socket.destroyed) return undefined
  const error = new ClientClosedRequest()
  const event = { type: 'query.rejected', severity: 'INFO', details: { code: error.code } } as const
  return { gate: GATE, error, event }
}
