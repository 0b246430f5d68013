import { gateFactsOf } from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { recordable } from './core/recordable.ts'
import type { Recordable } from './core/recordable.ts'
import type { QueryTally, RecordedFacts } from './core/record.ts'

const tallies = new WeakMap<FastifyRequest, QueryTally>()

/** Counts a statement of a request that is under way. */
export function countQuery(request: FastifyRequest, { outcome, details }: SecurityEvent<'db.query'>): void {
  const { count, failed, milliseconds } = tallies.get(request) ?? { count: 0, failed: 0, milliseconds: 0 }
  const took = Number.isFinite(details.durationMs) ? Number(details.durationMs) : 0
  tallies.set(request, {
    count: count + 1,
    failed: failed + (outcome === 'succeeded' ? 0 : 1),
    milliseconds: milliseconds + took,
  })
}

function queriesOf(request: FastifyRequest): QueryTally | undefined {
  const tally = tallies.get(request)
  return tally && { ...tally, milliseconds: Math.round(tally.milliseconds * 1000) / 1000 }
}

/** What is known of a request by now, in the shape in which it is recorded: numbers and declared names, never a value. */
export function recordedFactsOf(request: FastifyRequest): RecordedFacts | undefined {
  const { userRateLimit, queryCost, pii } = gateFactsOf(request)
  const facts: RecordedFacts = {
    limits: userRateLimit?.map(({ policy, quota, remaining, violated, degraded }) => ({
      policy: policy.name,
      quota,
      remaining,
      violated,
      ...(degraded === undefined ? {} : { degraded }),
    })),
    cost: queryCost?.cost,
    pii: pii && { masked: pii.masked, revealed: pii.revealed, infoTypes: pii.infoTypes },
    queries: queriesOf(request),
  }
  const known = Object.values(facts).some((fact) => fact !== undefined)
  return known ? facts : undefined
}

const MOST_OPERATIONS = 100

/** The GraphQL operations of a request as they are recorded: what they ask for, without aliases, arguments and values. */
export function recordedOperationsOf(request: FastifyRequest): readonly Recordable[] {
  const { graphqlOperations = [] } = gateFactsOf(request)
  return graphqlOperations
    .slice(0, MOST_OPERATIONS)
    .map(({ kind, name, rootFields }) => recordable({ kind, operation: name, fields: rootFields }))
}
