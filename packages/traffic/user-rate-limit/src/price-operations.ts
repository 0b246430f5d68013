import type { GraphQLOperation, OperationBatch } from '@portcullis/graphql-gate'
import type { FastifyRequest } from 'fastify'
import { readAccount } from './core/account.ts'
import type { AccountReading } from './core/account.ts'
import { argumentAt, countCalls, rootCallsOf } from './core/root-fields.ts'
import type { RootCall } from './core/root-fields.ts'
import type { PricedPolicy } from './decide-limits.ts'
import type { CompiledPolicy } from './policies/compile-policies.ts'
import type { AccountArgument } from './policies/selection.ts'

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
      const sources = account?.arguments.filter(({ field }) => field === call.field) ?? []
      const { operation: kind } = call.operation
      const isSelected =
        selection === undefined || selection.kinds.has(kind) || selection.fields.has(call.field)
      if (sources.length === 0 || !isSelected) continue
      for (const reading of readingsOf(call, sources, operation)) {
        const name = typeof reading === 'string' ? reading : `name ${reading.name}`
        const place = JSON.stringify([index, call.responseKey, name])
        if (seen.has(place)) continue
        seen.add(place)
        readings.set(name, reading)
        times.set(name, (times.get(name) ?? 0) + 1)
        if (readings.size > MOST_ACCOUNTS) return [['invalid', 1]]
      }
    }
  }
  return [...readings].map(([name, reading]) => [reading, times.get(name) ?? 0])
}

/** The accounts that a call names in any of the places where it may: nobody knows which of them a resolver takes. */
function readingsOf(
  call: RootCall,
  sources: readonly AccountArgument[],
  { variables }: GraphQLOperation,
): readonly AccountReading[] {
  const all = sources.map(({ path }) => readAccount(argumentAt(call, path, variables)))
  const told = all.filter((reading) => reading !== 'absent')
  return told.length === 0 ? ['absent'] : told
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
