import type { GraphQLOperation, OperationBatch } from '@portcullis/graphql-gate'
import { decide, onSettled, routeOption, routeRecordOf } from '@portcullis/kernel'
import type { Mode, Refusal, RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { OnStoreError } from './core/policy.ts'
import { ConcurrencyLimitExceeded, RateLimitStoreUnavailable, Unauthenticated } from './errors.ts'
import type { Limiter } from './limiter.ts'
import type { ResolvedUserRateLimitOptions } from './options.ts'
import { rootCallsOf } from './core/root-fields.ts'
import { partitionOf } from './policies/partition.ts'
import type { AnonymousRule, OperationWord, PartitionPart, RootFieldName } from './policies/policy-options.ts'
import { selectionOf } from './policies/selection.ts'
import type { Selection } from './policies/selection.ts'
import { StoreUnavailable } from './stores/failures.ts'
import type { Slot } from './stores/slots.ts'

/** How many requests of one partition, or operations of some kind, may be under way at once. */
export interface ConcurrencyOptions {
  /** Most requests at once; with `when`, most operations. */
  limit?: number | undefined
  /** Who shares the limit. Default: `principal`. */
  partitionKey?: PartitionPart | readonly PartitionPart[] | undefined
  /**
   * Which GraphQL operations it counts, in place of requests: a kind, a root field, or several of them. Each operation
   * counts once, until its response is over, or over WebSocket it itself: a subscription as long as it is open.
   */
  when?: OperationWord | RootFieldName | readonly (OperationWord | RootFieldName)[] | undefined
  /** Requests whose partition nobody knows. Default: `address`. */
  anonymous?: AnonymousRule | undefined
  /** What it does while its store is away. Default: `local`, this instance's share of the limit. */
  onStoreError?: OnStoreError | undefined
}

interface Compiled {
  readonly name: string
  readonly limit: number
  readonly parts: readonly PartitionPart[]
  readonly anonymous: AnonymousRule
  readonly onStoreError: OnStoreError
  readonly byAddress: boolean
  /** The operations it counts; `undefined` where it counts requests. */
  readonly selection: Selection | undefined
}

/** A limit that counts operations. */
export interface OperationLimit extends Compiled {
  readonly selection: Selection
}

const NAME = 'userRateLimit'
const compiled = new WeakMap<object, readonly Compiled[]>()

function compile(options: ResolvedUserRateLimitOptions): readonly Compiled[] {
  let list = compiled.get(options)
  if (list === undefined) {
    list = Object.entries(options.concurrency).flatMap(([name, one]) => {
      if (one === false || one.limit === undefined) return []
      const parts = [one.partitionKey ?? 'principal'].flat() as readonly PartitionPart[]
      const { limit, anonymous = 'address', onStoreError = 'local' } = one
      const byAddress = parts.every((part) => part === 'address')
      return [{ name, limit, parts, anonymous, onStoreError, byAddress, selection: selectionOf(one.when) }]
    })
    compiled.set(options, list)
  }
  return list
}

/** Names of the limits that are `closed` while their store is away. */
export function closedLimits(options: ResolvedUserRateLimitOptions): string[] {
  return compile(options).flatMap(({ name, onStoreError }) => (onStoreError === 'closed' ? [name] : []))
}

/** What is wrong with concurrency limits, if anything. */
export function complaintAbout(limits: ResolvedUserRateLimitOptions['concurrency']): string | undefined {
  for (const [name, one] of Object.entries(limits)) {
    if (one === false) continue
    if (one.limit === undefined)
      return `concurrency.${name}.limit is missing: give a whole number of requests.`
    if ([one.partitionKey].flat().includes('account'))
      return `concurrency.${name}.partitionKey takes no 'account': it is counted before the body is read. Use 'principal', 'tenant', 'address' or a function.`
  }
  return undefined
}

function isSelected({ kinds, fields }: Selection, operation: GraphQLOperation): boolean {
  return (
    operation.candidates.some(({ operation: kind }) => kinds.has(kind)) ||
    (fields.size > 0 && rootCallsOf(operation).some(({ field }) => fields.has(field)))
  )
}

function refusal(
  name: string,
  error: Refusal['error'],
  headers: Record<string, string>,
  mode: Mode,
  limit?: number,
): Refusal {
  return {
    gate: NAME,
    error,
    mode,
    headers: { ...headers, 'cache-control': 'no-store' },
    event: {
      type: 'rate_limit.exceeded',
      severity: 'WARNING',
      details: { code: error.code, policy: name, limit },
    },
  }
}

/**
 * Takes a slot of each limit, in order; they are freed when the response is over. On a refusal what was taken is freed
 * at once.
 */
async function takeSlots(
  { slots, keys, ipv6Subnet }: Limiter,
  limits: readonly Compiled[],
  mode: Mode,
  request: FastifyRequest,
): Promise<Refusal | undefined> {
  const taken: Slot[] = []
  const free = async (): Promise<void> => {
    await Promise.all(taken.map((slot) => slot.release()))
  }
  for (const one of limits) {
    const partition = await partitionOf(one, request, keys, ipv6Subnet)
    if (partition === 'skip') continue
    if (partition === 'deny' || partition === 'invalid') {
      await free()
      return refusal(one.name, new Unauthenticated(), { 'www-authenticate': 'Bearer' }, mode)
    }
    let slot: Slot | undefined
    try {
      slot = await slots.acquire({ key: partition.key, ...one })
    } catch (error) {
      await free()
      if (!(error instanceof StoreUnavailable)) throw error
      const details = { policy: one.name, behaviour: 'closed' }
      return {
        ...refusal(one.name, new RateLimitStoreUnavailable(), { 'retry-after': '1' }, mode),
        event: { type: 'rate_limit.store_unavailable', severity: 'ERROR', details },
      }
    }
    if (slot === undefined) {
      await free()
      const error: Refusal['error'] = new ConcurrencyLimitExceeded()
      // For clients of a WebSocket, which get no headers.
      error.extensions = { policy: one.name, retryAfter: 1 }
      return refusal(one.name, error, { 'retry-after': '1' }, mode, one.limit)
    }
    taken.push(slot)
  }
  if (taken.length > 0) onSettled(request, free)
  return undefined
}

/** The limits that count operations. */
export function operationLimits(options: ResolvedUserRateLimitOptions): readonly OperationLimit[] {
  return compile(options).filter((one): one is OperationLimit => one.selection !== undefined)
}

/** Takes a slot for each operation that a limit counts. Those of an operation over WebSocket are its own. */
export async function takeOperationSlots(
  limiter: Limiter,
  options: ResolvedUserRateLimitOptions | false,
  { request, operations }: OperationBatch,
): Promise<Refusal | undefined> {
  if (options === false) return undefined
  const limits = operationLimits(options).flatMap((one) =>
    operations.filter((operation) => isSelected(one.selection, operation)).map(() => one),
  )
  return limits.length === 0 ? undefined : takeSlots(limiter, limits, options.mode, request)
}

/** Adds the decisions of concurrency limits: by address before anybody is known, the others after. */
export function addConcurrency(app: FastifyInstance, limiterOf: (scope: FastifyInstance) => Limiter): void {
  for (const phase of ['address', 'principal'] as const) {
    const byRoute = new WeakMap<RouteRecord, RequestLimits>()
    decide(app, {
      stage: 'onRequest',
      phase,
      name: `${NAME}.concurrency`,
      run(request) {
        const route = routeRecordOf(request)
        let own = byRoute.get(route)
        if (own === undefined) {
          own = requestLimits(routeOption<ResolvedUserRateLimitOptions>(request, NAME), phase)
          byRoute.set(route, own)
        }
        return own.limits.length === 0 ? undefined : takeSlots(limiterOf(app), own.limits, own.mode, request)
      },
    })
  }
}

/** The limits of a route that count requests at one point. */
interface RequestLimits {
  readonly limits: readonly Compiled[]
  readonly mode: Mode
}

function requestLimits(
  options: ResolvedUserRateLimitOptions | false,
  phase: 'address' | 'principal',
): RequestLimits {
  if (options === false) return { limits: [], mode: 'enforce' }
  const limits = compile(options).filter(
    ({ byAddress, selection }) => selection === undefined && byAddress === (phase === 'address'),
  )
  return { limits, mode: options.mode }
}
