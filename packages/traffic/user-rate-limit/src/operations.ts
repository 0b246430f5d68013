import type * as GraphqlGate from '@portcullis/graphql-gate'
import type { Door, GraphQLOperation, OperationBatch } from '@portcullis/graphql-gate'
import { gateFactsOf } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readAccount } from './core/account.ts'
import type { AccountReading } from './core/account.ts'
import { argumentAt, countCalls, rootCallsOf } from './core/root-fields.ts'
import type { RootCall } from './core/root-fields.ts'
import type { PricedPolicy } from './decide-limits.ts'
import { MissingGateError, UnknownFieldError } from './errors.ts'
import type { CompiledPolicy } from './policies/compile-policies.ts'
import { keepPrice } from './settle-price.ts'

/** Decides the policies of a request that need its operations. */
export type DecideBudget = (batch: OperationBatch) => Promise<Refusal | undefined>

const charged = new WeakMap<FastifyRequest, number>()

/** The price of the operations that were not charged yet: stored documents of one request are known one by one. */
function newCost(request: FastifyRequest): number {
  const { queryCost } = request as { queryCost?: { readonly cost: number } }
  const total = Math.min(queryCost?.cost ?? 0, Number.MAX_SAFE_INTEGER)
  const cost = Math.ceil(Math.max(0, total - (charged.get(request) ?? 0)))
  charged.set(request, total)
  return cost
}

/** Most accounts that the operations of one request may name: each is a counter of its own. */
const MOST_ACCOUNTS = 16

/** An operation with the calls of its root fields. */
interface CalledOperation {
  readonly operation: GraphQLOperation
  readonly calls: readonly RootCall[]
}

/** How many times a policy is charged for operations: once for each of a kind, and for each call of a root field. */
function timesOf({ selection }: CompiledPolicy, operations: readonly CalledOperation[]): number {
  if (selection === undefined) return operations.length
  return operations
    .map(({ operation: { kind }, calls }) =>
      Math.max(selection.kinds.has(kind) ? 1 : 0, countCalls(calls, selection.fields)),
    )
    .reduce((sum, times) => sum + times, 0)
}

/** The accounts that operations name, each with how many calls are about it. */
function accountsOf(
  { account, selection }: CompiledPolicy,
  operations: readonly CalledOperation[],
): [AccountReading, number][] {
  const seen = new Set<string>()
  const times = new Map<string, number>()
  const readings = new Map<string, AccountReading>()
  for (const [index, { operation, calls }] of operations.entries()) {
    for (const call of calls) {
      const source = account?.arguments.find(({ field }) => field === call.field)
      if (source === undefined) continue
      const { operation: kind } = call.operation
      if (selection !== undefined && !selection.kinds.has(kind) && !selection.fields.has(call.field)) continue
      const reading = readAccount(argumentAt(call, source.path, operation.variables))
      const name = typeof reading === 'string' ? reading : `name ${reading.name}`
      const place = JSON.stringify([index, call.responseKey, name])
      if (seen.has(place)) continue
      seen.add(place)
      readings.set(name, reading)
      times.set(name, (times.get(name) ?? 0) + 1)
      if (readings.size > MOST_ACCOUNTS) return [['invalid', 1]]
    }
  }
  return [...readings].map(([name, reading]) => [reading, times.get(name) ?? 0])
}

/**
 * What each policy costs for the operations of a batch: policies for a kind of operation count each one of that kind,
 * those for a root field each call of it, those by account each account apart; those by price charge it once.
 */
export async function priceOperations(
  policies: readonly CompiledPolicy[],
  { request, operations }: OperationBatch,
): Promise<PricedPolicy[]> {
  const price = policies.some((one) => one.cost === 'queryCost') ? newCost(request) : 0
  const called = operations.map((operation) => ({ operation, calls: rootCallsOf(operation) }))
  const priced: PricedPolicy[] = []
  for (const compiled of policies) {
    const { when, cost, account } = compiled
    if (typeof when === 'function' && !(await when(request))) continue
    const unit = typeof cost === 'function' ? await cost(request) : cost
    const costOf = (times: number): number => (unit === 'queryCost' ? price : times * unit)
    if (account !== undefined) {
      for (const [reading, times] of accountsOf(compiled, called))
        priced.push({ compiled, cost: costOf(times), account: reading })
      continue
    }
    const times = timesOf(compiled, called)
    if (times > 0) priced.push({ compiled, cost: costOf(times) })
  }
  return priced
}

/** graphql-gate, or `undefined` where it is not installed: a REST app never installs graphql. */
async function loadGraphqlGate(): Promise<typeof GraphqlGate | undefined> {
  try {
    return await import('@portcullis/graphql-gate')
  } catch (error) {
    // Anything else is a defect of an installed package, which must not pass for its absence.
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * Adds the check of the `budget` phase, where graphql-gate is installed.
 *
 * @param needing a policy of the plugin that needs operations, if there is one: then graphql-gate is loaded for it
 * @returns what is needed of graphql-gate; `undefined` where it is not installed
 * @throws PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE when such a policy exists and graphql-gate is not installed
 */
export async function addBudgetCheck(
  app: FastifyInstance,
  needing: CompiledPolicy | undefined,
  decide: DecideBudget,
): Promise<Pick<typeof GraphqlGate, 'isDoor' | 'doorsWithin' | 'addAnswerStep'> | undefined> {
  const gate = await loadGraphqlGate()
  if (gate === undefined) {
    if (needing === undefined) return undefined
    const mend = '@portcullis/graphql-gate and graphql: npm install @portcullis/graphql-gate graphql'
    throw new MissingGateError(needing.policy.name, mend)
  }
  if (needing !== undefined) gate.useGraphqlGate(app, 'userRateLimit')
  gate.addCheck(app, { name: 'userRateLimit', phase: 'budget', run: decide })
  return gate
}

/**
 * Refuses to boot where a policy waits for facts that nobody will bring.
 *
 * @throws PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE
 */
export function requireFacts(scope: FastifyInstance, policies: readonly CompiledPolicy[]): void {
  for (const { policy, points, cost } of policies) {
    if (points.has('budget') && !scope.hasDecorator('graphqlGate')) {
      throw new MissingGateError(
        policy.name,
        '@portcullis/graphql-gate to be registered in its scope, to know operations',
      )
    }
    if (cost === 'queryCost' && !scope.hasRequestDecorator('queryCost')) {
      throw new MissingGateError(
        policy.name,
        "@portcullis/query-cost to be registered in its scope, for cost: 'queryCost'",
      )
    }
  }
}

/** The types that a schema runs operations of, by kind. */
function hasField(door: Door, field: string): boolean | undefined {
  const schema = door.schema()
  if (schema === undefined) return undefined
  const [kind, name = ''] = field.split('.')
  const root =
    kind === 'query'
      ? schema.getQueryType()
      : kind === 'mutation'
        ? schema.getMutationType()
        : schema.getSubscriptionType()
  return Object.hasOwn(root?.getFields() ?? {}, name)
}

/**
 * Watches the answers of a scope in which prices are charged. Its name puts it before query-cost, which tells in the
 * same answers what is left.
 */
export function watchAnswers(app: FastifyInstance, gate: Pick<typeof GraphqlGate, 'addAnswerStep'>): void {
  gate.addAnswerStep(app, {
    name: 'priceSettlement',
    run({ request, payload }) {
      const { errors } = payload
      const isSubscription = gateFactsOf(request).graphqlOperations?.some(
        ({ kind }) => kind === 'subscription',
      )
      if (isSubscription === true || (Array.isArray(errors) && errors.length > 0)) keepPrice(request)
      return undefined
    },
  })
}

/**
 * Refuses to boot where a policy is for a root field that is nowhere: a limit that never counts. Where a schema is not
 * known yet, nothing can be said.
 *
 * @throws PORTCULLIS_USER_RATE_LIMIT_UNKNOWN_FIELD
 */
export function requireFields(doors: readonly Door[], policies: readonly CompiledPolicy[]): void {
  for (const { policy, selection, account } of policies) {
    const fields = [...(selection?.fields ?? []), ...(account?.arguments ?? []).map(({ field }) => field)]
    for (const field of fields) {
      const found = doors.map((door) => hasField(door, field))
      if (found.length > 0 && found.every((has) => has === false)) {
        const [kind = '', name = ''] = field.split('.')
        throw new UnknownFieldError(policy.name, `${kind[0]?.toUpperCase()}${kind.slice(1)}.${name}`)
      }
    }
  }
}
