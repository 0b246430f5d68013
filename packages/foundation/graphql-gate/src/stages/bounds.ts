import type { DecisionResult } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { GateBounds } from '../checks/bounds-source.ts'
import { countSource } from '../core/count-source.ts'
import type { SourceSize } from '../core/count-source.ts'
import type { RequestEntry } from '../core/read-entries.ts'
import {
  MalformedGraphqlRequest,
  MaxBatchExceeded,
  MaxBytesExceeded,
  MaxNestingExceeded,
  MaxTokensExceeded,
} from '../errors.ts'
import { exposesLimits, gateOptionsFor } from '../gate-options.ts'
import { gateStateOf } from '../state.ts'
import { readRequest } from './read-request.ts'
import { ledgerOf } from './request-ledger.ts'
import { rejection } from './rejection.ts'

interface NamedBounds extends GateBounds {
  readonly gate: string
}

function boundsFor(request: FastifyRequest): readonly NamedBounds[] {
  const own = { ...gateOptionsFor(request), exposeLimits: exposesLimits(request) }
  const bounds: NamedBounds[] = [{ ...own, gate: 'graphqlGate' }]
  for (const entry of gateStateOf(request.server).bounds.visibleFrom(request.server)) {
    const contributed = entry.value(request)
    if (contributed !== undefined) bounds.push({ ...contributed, gate: entry.name })
  }
  return bounds
}

const BOUNDS = [
  { key: 'maxBatch', measure: 'batch', Refused: MaxBatchExceeded },
  { key: 'maxBytes', measure: 'bytes', Refused: MaxBytesExceeded },
  { key: 'maxTokens', measure: 'tokens', Refused: MaxTokensExceeded },
  { key: 'maxNesting', measure: 'nesting', Refused: MaxNestingExceeded },
] as const

type Measures = Partial<SourceSize> & { readonly batch?: number }

function refusalFor(bounds: readonly NamedBounds[], measures: Measures): DecisionResult {
  // Of all that are passed, an enforced bound answers before a measured one.
  let measured: DecisionResult
  for (const { key, measure, Refused } of BOUNDS) {
    const actual = measures[measure]
    if (actual === undefined) continue
    for (const one of bounds) {
      const limit = one[key]
      if (limit === undefined || actual <= limit) continue
      const refusal = rejection(one.gate, new Refused(one.exposeLimits ? ` of ${limit}` : ''), {
        mode: one.mode,
        limit,
        actual,
      })
      if (one.mode !== 'measure') return refusal
      measured ??= refusal
    }
  }
  return measured
}

function tightest(bounds: readonly NamedBounds[], key: 'maxBytes' | 'maxTokens' | 'maxNesting'): number {
  return Math.min(
    ...bounds.filter((one) => one.mode !== 'measure').map((one) => one[key] ?? Number.POSITIVE_INFINITY),
  )
}

/** Bounds the number of operations and the size of each document that was not bounded yet. */
export function boundEntries(request: FastifyRequest, entries: readonly RequestEntry[]): DecisionResult {
  const { bounded } = ledgerOf(request)
  const bounds = boundsFor(request)
  let measured = refusalFor(bounds, { batch: entries.length })
  if (measured !== undefined && measured.mode !== 'measure') return measured
  const limits = {
    bytes: tightest(bounds, 'maxBytes'),
    tokens: tightest(bounds, 'maxTokens'),
    nesting: tightest(bounds, 'maxNesting'),
  }
  for (const { query } of entries) {
    if (query === undefined || bounded.has(query)) continue
    const refusal = refusalFor(bounds, countSource(query, limits))
    if (refusal !== undefined && refusal.mode !== 'measure') return refusal
    measured ??= refusal
    bounded.add(query)
  }
  return measured
}

/** Bounds what a request carries before anything parses it. */
export function decideBounds(request: FastifyRequest): DecisionResult {
  const read = readRequest(request)
  if (read === undefined) return undefined
  return read.ok
    ? boundEntries(request, read.entries)
    : rejection('graphqlGate', new MalformedGraphqlRequest(read.problem))
}
