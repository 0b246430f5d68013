import { nearestName } from '@portcullis/kernel'
import type { Mode } from '@portcullis/kernel'
import type { Block } from './blocks/block-list.ts'
import { nameSubject } from './blocks/subject.ts'
import type { BlockSubject } from './blocks/subject.ts'
import { InvalidIdentity, InvalidPolicy } from './core/failures.ts'
import type { Policy } from './core/policy.ts'
import type { Limit } from './core/verdict.ts'
import type { Limiter } from './limiter.ts'
import { loginPlaces } from './login/login-places.ts'
import { compilePolicies } from './policies/compile-policies.ts'
import type { CompiledPolicy } from './policies/compile-policies.ts'
import { checkIdentity, partitionNamed } from './policies/identity.ts'
import type { Identity } from './policies/identity.ts'
import { StoreUnavailable } from './stores/failures.ts'
import type { Place } from './stores/store.ts'
import type { ResolvedUserRateLimitOptions } from './options.ts'

/** Whom a status is of, and of what. */
export interface StatusQuestion {
  /** Whose limits. Default: nobody's, then the policies are told without. */
  readonly identity?: Identity
  /** Names of policies. Default: all. */
  readonly policies?: readonly string[]
  /** Their plan, for policies with `plans`: it is not asked for, since there is no request. Default: none. */
  readonly plan?: string
}

/** A policy that holds somewhere in the app, and what it says to somebody. */
export interface PolicyStatus extends Pick<
  Policy,
  'name' | 'quota' | 'window' | 'algorithm' | 'onStoreError'
> {
  readonly mode: Mode
  /** True where it holds only on routes that name it. */
  readonly optIn: boolean
  /**
   * What is left for the identity, as a request that costs nothing would be told. `undefined` where none is given or it
   * does not tell what the policy counts by, where its plan is free of it, and where the store is away and it is `closed`.
   */
  readonly limit: Limit | undefined
}

/** What the limiter is in, and what holds for somebody. */
export interface LimiterStatus {
  /** Where it counts. */
  readonly store: 'redis' | 'memory'
  /** Whether Redis is known not to answer, so that each policy does what its `onStoreError` declares. */
  readonly isAway: boolean
  readonly policies: readonly PolicyStatus[]
  /** Blocks of the identity's principal, tenant and address. */
  readonly blocks: readonly Block[]
}

/** A limiter with the options that hold now. */
export interface InspectedLimiter extends Limiter {
  /** Those of the plugin, and of each route that has its own. */
  readonly all: () => readonly Readonly<ResolvedUserRateLimitOptions>[]
}

interface Held {
  readonly compiled: CompiledPolicy
  readonly optIn: boolean
}

/** The policies of the plugin and of its routes, each that counts in a place of its own once. */
function heldPolicies({ all }: InspectedLimiter): Held[] {
  const held: Held[] = []
  const add = (compiled: CompiledPolicy, optIn: boolean): void => {
    const isKnown = held.some((one) => countsWhere(one.compiled, compiled))
    if (!isKnown) held.push({ compiled, optIn })
  }
  // The plugin's own come first, so that one which a route only names is told as the plugin has it.
  for (const options of all()) {
    const { list, optIn } = compilePolicies(options)
    for (const one of list) add(one, false)
    for (const one of optIn) add(one, true)
  }
  return held
}

/** Whether two policies count in the same place for everybody. */
function countsWhere(one: CompiledPolicy, other: CompiledPolicy): boolean {
  return (
    one.policy.field === other.policy.field &&
    one.anonymous === other.anonymous &&
    one.parts.length === other.parts.length &&
    one.parts.every((part, at) => part === other.parts[at])
  )
}

function unknownPolicy(name: string, known: readonly string[]): InvalidPolicy {
  const nearest = nearestName(name, known)
  const mend =
    nearest === undefined ? `Those it has: ${known.join(', ') || 'none'}.` : `Did you mean '${nearest}'?`
  return new InvalidPolicy(`The app has no rate limit policy '${name}'. ${mend}`)
}

/** Where the policies of a name count for somebody: the plugin's, those of routes, and guardLogin's. */
export function placesNamed(limiter: InspectedLimiter, name: string, identity: Identity): Place[] {
  checkIdentity(identity)
  const held = heldPolicies(limiter)
  const login = loginPlaces(limiter, limiter.login)
  const ofName = held.filter(({ compiled }) => compiled.policy.name === name)
  const ofLogin = login.filter(({ policy }) => policy.name === name)
  if (ofName.length === 0 && ofLogin.length === 0) {
    const known = [
      ...held.map(({ compiled }) => compiled.policy.name),
      ...login.map(({ policy }) => policy.name),
    ]
    throw unknownPolicy(name, [...new Set(known)])
  }
  const { keys, ipv6Subnet } = limiter
  const places = ofName.flatMap(({ compiled }): Place[] => {
    const partition = partitionNamed(compiled, identity, ipv6Subnet)
    return partition === undefined ? [] : [{ key: keys.keyOf(partition), policy: compiled.policy }]
  })
  for (const one of ofLogin) {
    const key = one.keyOf(identity)
    if (key !== undefined) places.push({ key, policy: one.policy })
  }
  if (places.length === 0) {
    const parts = ofName[0]?.compiled.parts ?? ofLogin[0]?.parts ?? []
    const needs = parts.map((part) => (typeof part === 'function' ? 'own' : part)).join(' and ')
    throw new InvalidIdentity('incomplete', ` '${name}' counts by ${needs}.`)
  }
  return [...new Map(places.map((place) => [`${place.key}\n${place.policy.field}`, place])).values()]
}

async function limitFor(
  limiter: InspectedLimiter,
  compiled: CompiledPolicy,
  { identity, plan }: StatusQuestion,
): Promise<Limit | undefined> {
  if (identity === undefined) return undefined
  const partition = partitionNamed(compiled, identity, limiter.ipv6Subnet)
  const policy = (plan === undefined ? undefined : compiled.plans.get(plan)) ?? compiled.policy
  if (partition === undefined || policy === false) return undefined
  try {
    const { limits } = await limiter.store.reserve([{ key: limiter.keys.keyOf(partition), policy, cost: 0 }])
    return limits[0]
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined
    throw error
  }
}

function blocksOf({ blocks, blockNames }: Limiter, { principal, tenant, address }: Identity): Block[] {
  const tenantId = typeof principal === 'object' ? principal.tenantId : undefined
  const subjects: BlockSubject[] = [
    ...(principal === undefined ? [] : [{ principal }]),
    // A principal may be blocked in all tenants, too.
    ...(typeof principal === 'object' && tenantId !== undefined
      ? [{ principal: { id: principal.id, kind: principal.kind } }, { tenant: tenantId }]
      : []),
    ...(tenant === undefined || tenant === tenantId ? [] : [{ tenant }]),
    ...(address === undefined ? [] : [{ address }]),
  ]
  const names = new Set(subjects.map((subject) => nameSubject(blockNames, subject).name))
  return blocks.list.all().filter(({ name }) => names.has(name))
}

/** See `UserRateLimit.status`. */
export async function statusOf(
  limiter: InspectedLimiter,
  question: StatusQuestion = {},
): Promise<LimiterStatus> {
  const { identity, policies: wanted } = question
  if (identity !== undefined) checkIdentity(identity)
  const held = heldPolicies(limiter)
  const known = held.map(({ compiled }) => compiled.policy.name)
  const strange = wanted?.find((name) => !known.includes(name))
  if (strange !== undefined) throw unknownPolicy(strange, [...new Set(known)])
  const policies = await Promise.all(
    held
      .filter(({ compiled }) => wanted === undefined || wanted.includes(compiled.policy.name))
      .map(async ({ compiled, optIn }): Promise<PolicyStatus> => {
        const { name, quota, window, algorithm, onStoreError } = compiled.policy
        const limit = await limitFor(limiter, compiled, question)
        return { name, quota, window, algorithm, onStoreError, mode: compiled.mode, optIn, limit }
      }),
  )
  return {
    store: limiter.isAway === undefined ? 'memory' : 'redis',
    isAway: limiter.isAway?.() ?? false,
    policies,
    blocks: identity === undefined ? [] : blocksOf(limiter, identity),
  }
}
