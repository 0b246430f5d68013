import type { Mode } from '@portcullis/kernel'
import { InvalidPolicy } from '../core/failures.ts'
import { definePolicy } from '../core/policy.ts'
import type { Policy, PolicyInput } from '../core/policy.ts'
import type { AnonymousRule, PartitionPart, PolicyOptions } from './policy-options.ts'
import { accountSourceOf, selectionOf } from './selection.ts'
import type { AccountSource, Selection } from './selection.ts'

/** Where in a request a policy is decided. */
export type DecisionPoint = 'address' | 'principal' | 'budget' | 'resource' | 'event'

/** A policy that is ready to decide. */
export interface CompiledPolicy {
  readonly policy: Policy
  /** The policy as plans have it. */
  readonly plans: ReadonlyMap<string, Policy | false>
  /**
   * One, or two where an account is named in a body and in operations: the request's own decides. And `event` where it
   * charges the events of subscriptions.
   */
  readonly points: ReadonlySet<DecisionPoint>
  readonly parts: readonly PartitionPart[]
  readonly account: AccountSource | undefined
  /** The GraphQL operations it is for; `undefined` where it is for all. */
  readonly selection: Selection | undefined
  readonly anonymous: AnonymousRule
  readonly cost: NonNullable<PolicyOptions['cost']>
  readonly eventCost: NonNullable<PolicyOptions['cost']>
  readonly penalty: number
  readonly when: PolicyOptions['when']
  readonly skip: PolicyOptions['skip']
  readonly mode: Mode
  readonly message: string
}

/** The policies of one plugin or route, or what is wrong with them. */
export interface CompiledPolicies {
  /** Those that hold. */
  readonly list: readonly CompiledPolicy[]
  /** Those that hold only where a route names them. */
  readonly optIn: readonly CompiledPolicy[]
  /** The same by where they are decided. */
  readonly at: Readonly<Record<DecisionPoint, readonly CompiledPolicy[]>>
  readonly complaint: string | undefined
}

/** What is compiled. */
export interface PolicySource {
  readonly policies: Readonly<Record<string, PolicyOptions | false>>
  readonly mode: Mode
}

function chargesEvents(eventCost: PolicyOptions['eventCost']): boolean {
  return eventCost !== undefined && eventCost !== 0
}

function selectsSubscriptions(selection: Selection | undefined): boolean {
  if (selection === undefined || selection.kinds.has('subscription')) return true
  return [...selection.fields].some((field) => field.startsWith('subscription.'))
}

function pointsOf(
  options: PolicyOptions,
  parts: readonly PartitionPart[],
  account: AccountSource | undefined,
): DecisionPoint[] {
  // Whether it can only be decided when the GraphQL operations of a request are known.
  const needsOperations = selectionOf(options.when) !== undefined || options.cost === 'queryCost'
  if (parts.includes('account') && account !== undefined) {
    const points: DecisionPoint[] = []
    if (account.body !== undefined && !needsOperations) points.push('resource')
    if (account.arguments.length > 0) points.push('budget')
    return points
  }
  if (needsOperations) return ['budget']
  return parts.every((part) => part === 'address') ? ['address'] : ['principal']
}

/** What does not go together in a policy. */
function complaintOf(
  name: string,
  { account, when, cost, eventCost, partitionKey, plans }: PolicyOptions,
): string | undefined {
  const source = accountSourceOf(account)
  const byAccount = [partitionKey].flat().includes('account')
  const says = (words: string): string => `Rate limit policy '${name}': ${words}`
  if (byAccount && (source === undefined || (source.body === undefined && source.arguments.length === 0)))
    return says("account is missing: with partitionKey 'account', say where it is named, such as 'email'.")
  if (!byAccount && source !== undefined)
    return says("account says where an account is named, but partitionKey does not have 'account'.")
  if (plans !== undefined && [partitionKey].flat().every((part) => part === 'address'))
    return says('plans are of somebody who is known, but it counts by address, before anybody is.')
  const needsOperations = selectionOf(when) !== undefined || cost === 'queryCost'
  if (source !== undefined && needsOperations && source.arguments.length === 0)
    return says("account needs an argument, such as { argument: 'Mutation.login.email' }, for operations.")
  if (!chargesEvents(eventCost)) return undefined
  if (byAccount)
    return says(
      "eventCost takes no partitionKey 'account': an event names none. Use 'principal' or 'address'.",
    )
  if (!selectsSubscriptions(selectionOf(when)))
    return says("eventCost is of subscriptions, and when selects none. Add 'subscription' to it.")
  return undefined
}

const apart = new WeakSet<PolicyOptions>()

/**
 * A policy of the plugin as a route that names it has it. With a quota or burst of its own it also has a count of its
 * own.
 */
export function changedPolicy(inherited: PolicyOptions, own: PolicyOptions): PolicyOptions {
  const changed = { ...inherited, ...own, optIn: false }
  if (own.quota !== undefined || own.burst !== undefined || apart.has(inherited)) apart.add(changed)
  return changed
}

function countedApart(policy: Policy): Policy {
  return Object.freeze({ ...policy, field: `${policy.field}/${policy.quota}/${policy.capacity}` })
}

function isDefined(entry: [string, unknown]): boolean {
  return entry[1] !== undefined
}

function compile(name: string, options: PolicyOptions, mode: Mode): CompiledPolicy {
  const {
    quota,
    window,
    algorithm,
    burst,
    unit,
    penalty = 0,
    onStoreError = penalty > 0 ? 'closed' : 'local',
    lease,
    partitionKey = 'principal',
    cost = 1,
    eventCost = 0,
  } = options
  const input = Object.fromEntries(
    Object.entries({ name, quota, window, algorithm, burst, unit, onStoreError, lease }).filter(isDefined),
  )
  const isSteady = typeof cost === 'number' && typeof eventCost === 'number'
  if (lease !== undefined && (!isSteady || penalty > 0)) {
    throw new InvalidPolicy(
      `Rate limit policy '${name}': lease takes a cost and an eventCost that are numbers, and no penalty.`,
    )
  }
  const parts = [partitionKey].flat() as readonly PartitionPart[]
  const policy = definePolicy(input as unknown as PolicyInput)
  const complaint = complaintOf(name, options)
  if (complaint !== undefined) throw new InvalidPolicy(complaint)
  const account = accountSourceOf(options.account)
  const counted = apart.has(options) ? countedApart(policy) : policy
  return {
    policy: counted,
    plans: plansOf(options, counted, input),
    points: new Set([
      ...pointsOf(options, parts, account),
      ...(chargesEvents(eventCost) ? (['event'] as const) : []),
    ]),
    parts,
    account,
    selection: selectionOf(options.when),
    anonymous: options.anonymous ?? 'address',
    cost,
    eventCost,
    penalty,
    when: options.when,
    skip: options.skip,
    mode: options.mode ?? mode,
    message: options.message ?? 'Rate limit exceeded for user',
  }
}

/** The policy with the quotas of plans. All of them count in the same place. */
function plansOf(
  { plans = {} }: PolicyOptions,
  { field }: Policy,
  input: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, Policy | false> {
  const { burst: _own, ...base } = input
  return new Map(
    Object.entries(plans).map(([plan, quota]): [string, Policy | false] => {
      if (quota === false) return [plan, false]
      const { burst } = quota
      const own = { ...base, quota: quota.quota, ...(burst === undefined ? {} : { burst }) }
      return [plan, Object.freeze({ ...definePolicy(own as unknown as PolicyInput), field })]
    }),
  )
}

const compiled = new WeakMap<object, CompiledPolicies>()

/** Compiles the policies of resolved options, once. */
export function compilePolicies(source: PolicySource): CompiledPolicies {
  const known = compiled.get(source)
  if (known !== undefined) return known
  const list: CompiledPolicy[] = []
  const optIn: CompiledPolicy[] = []
  const complaints: string[] = []
  for (const [name, options] of Object.entries(source.policies)) {
    if (options === false) continue
    try {
      const waits = options.optIn === true
      ;(waits ? optIn : list).push(compile(name, options, source.mode))
    } catch (error) {
      if (!(error instanceof InvalidPolicy)) throw error
      complaints.push(error.message)
    }
  }
  const of = (point: DecisionPoint): CompiledPolicy[] => list.filter(({ points }) => points.has(point))
  const at = {
    address: of('address'),
    principal: of('principal'),
    resource: of('resource'),
    budget: of('budget'),
    // What an event costs is known when it comes; nothing of it is settled later, as the price of operations is.
    event: of('event').map((one) => ({ ...one, cost: 0 })),
  }
  const result = { list, optIn, at, complaint: complaints.length > 0 ? complaints.join('\n') : undefined }
  compiled.set(source, result)
  return result
}

/**
 * Names of policies that wait for a route to name them, and none does.
 *
 * @param inUse the options of a plugin and of its routes
 */
export function unnamedPolicies(inUse: readonly PolicySource[]): string[] {
  const namesOf = (policies: readonly CompiledPolicy[]): string[] => policies.map(({ policy }) => policy.name)
  const held = new Set(inUse.flatMap((one) => namesOf(compilePolicies(one).list)))
  const waiting = inUse.flatMap((one) => namesOf(compilePolicies(one).optIn))
  return [...new Set(waiting)].filter((name) => !held.has(name))
}
