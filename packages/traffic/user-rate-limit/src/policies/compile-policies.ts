import type { Mode } from '@portcullis/kernel'
import { InvalidPolicy } from '../core/failures.ts'
import { definePolicy } from '../core/policy.ts'
import type { Policy, PolicyInput } from '../core/policy.ts'
import type { AnonymousRule, OperationWord, PartitionPart, PolicyOptions } from './policy-options.ts'

/** Where in a request a policy is decided. */
export type DecisionPoint = 'address' | 'principal' | 'budget'

/** A policy that is ready to decide. */
export interface CompiledPolicy {
  readonly policy: Policy
  readonly point: DecisionPoint
  readonly parts: readonly PartitionPart[]
  readonly anonymous: AnonymousRule
  readonly cost: NonNullable<PolicyOptions['cost']>
  readonly penalty: number
  readonly when: PolicyOptions['when']
  readonly skip: PolicyOptions['skip']
  readonly mode: Mode
  readonly message: string
}

/** The policies of one plugin or route, or what is wrong with them. */
export interface CompiledPolicies {
  readonly list: readonly CompiledPolicy[]
  /** The same by where they are decided. */
  readonly at: Readonly<Record<DecisionPoint, readonly CompiledPolicy[]>>
  readonly complaint: string | undefined
}

/** What is compiled. */
export interface PolicySource {
  readonly policies: Readonly<Record<string, PolicyOptions | false>>
  readonly mode: Mode
}

const OPERATIONS: ReadonlySet<unknown> = new Set<OperationWord>(['query', 'mutation', 'subscription'])

/** Whether a policy can only be decided when the GraphQL operations of a request are known. */
function needsOperations({ when, cost }: PolicyOptions): boolean {
  return OPERATIONS.has(when) || cost === 'queryCost'
}

function pointOf(options: PolicyOptions, parts: readonly PartitionPart[]): DecisionPoint {
  if (needsOperations(options)) return 'budget'
  return parts.every((part) => part === 'address') ? 'address' : 'principal'
}

const apart = new WeakSet<PolicyOptions>()

/** A policy of the plugin as a route changes it. With a quota or burst of its own it also has a count of its own. */
export function changedPolicy(inherited: PolicyOptions, own: PolicyOptions): PolicyOptions {
  const changed = { ...inherited, ...own }
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
    onStoreError,
    lease,
    partitionKey = 'principal',
    cost = 1,
  } = options
  const input = Object.fromEntries(
    Object.entries({ name, quota, window, algorithm, burst, unit, onStoreError, lease }).filter(isDefined),
  )
  if (lease !== undefined && (typeof cost !== 'number' || (options.penalty ?? 0) > 0)) {
    throw new InvalidPolicy(
      `Rate limit policy '${name}': lease takes a cost that is a number, and no penalty.`,
    )
  }
  const parts = [partitionKey].flat() as readonly PartitionPart[]
  const policy = definePolicy(input as unknown as PolicyInput)
  return {
    policy: apart.has(options) ? countedApart(policy) : policy,
    point: pointOf(options, parts),
    parts,
    anonymous: options.anonymous ?? 'address',
    cost,
    penalty: options.penalty ?? 0,
    when: options.when,
    skip: options.skip,
    mode: options.mode ?? mode,
    message: options.message ?? 'Rate limit exceeded for user',
  }
}

const compiled = new WeakMap<object, CompiledPolicies>()

/** Compiles the policies of resolved options, once. */
export function compilePolicies(source: PolicySource): CompiledPolicies {
  const known = compiled.get(source)
  if (known !== undefined) return known
  const list: CompiledPolicy[] = []
  const complaints: string[] = []
  for (const [name, options] of Object.entries(source.policies)) {
    if (options === false) continue
    try {
      list.push(compile(name, options, source.mode))
    } catch (error) {
      if (!(error instanceof InvalidPolicy)) throw error
      complaints.push(error.message)
    }
  }
  const of = (point: DecisionPoint): CompiledPolicy[] => list.filter((one) => one.point === point)
  const at = { address: of('address'), principal: of('principal'), budget: of('budget') }
  const result = { list, at, complaint: complaints.length > 0 ? complaints.join('\n') : undefined }
  compiled.set(source, result)
  return result
}
