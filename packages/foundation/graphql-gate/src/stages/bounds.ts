import { environmentOf } from '@portcullis/kernel'
import type { DecisionResult } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { GateBounds } from '../checks/bounds-source.ts'
import { countSource } from '../core/count-source.ts'
import type { SourceSize } from '../core/count-source.ts'
import { readBody, readQueryString } from '../core/read-entries.ts'
import { doorOf } from '../doors/door-of.ts'
import {
  MalformedGraphqlRequest,
  MaxBatchExceeded,
  MaxBytesExceeded,
  MaxNestingExceeded,
  MaxTokensExceeded,
} from '../errors.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { gateStateOf } from '../state.ts'
import { ledgerOf } from './request-ledger.ts'
import { rejection } from './rejection.ts'

interface NamedBounds extends GateBounds {
  readonly gate: string
}

function boundsFor(request: FastifyRequest): readonly NamedBounds[] {
  const own = gateOptionsFor(request)
  const exposeLimits = own.exposeLimits ?? environmentOf(request.server) !== 'production'
  const bounds: NamedBounds[] = [{ ...own, gate: 'graphqlGate', exposeLimits }]
  for (const entry of gateStateOf(request.server).bounds.visibleFrom(request.server)) {
    const contributed = entry.value(request)
    if (contributed !== undefined) bounds.push({ ...contributed, gate: entry.name })
  }
  return bounds
}

function pass(actual: number, limit: number | undefined): boolean {
  return limit === undefined || actual <= limit
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
      if (limit === undefined || pass(actual, limit)) continue
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

function largest(bounds: readonly NamedBounds[], key: 'maxBytes' | 'maxTokens' | 'maxNesting'): number {
  return Math.min(
    ...bounds.filter((one) => one.mode !== 'measure').map((one) => one[key] ?? Number.POSITIVE_INFINITY),
  )
}

/** Reads the operations of a request and bounds their number and size before anything parses them. */
export function decideBounds(request: FastifyRequest): DecisionResult {
  const door = doorOf(request)
  if (door === undefined || request.routeOptions.method === 'OPTIONS') return undefined
  const overGet = request.method === 'GET' || request.method === 'HEAD'
  if (overGet && isNoOperation(request)) return undefined
  const read = overGet ? readQueryString(request.query) : readBody(request.body)
  if (!read.ok) return rejection('graphqlGate', new MalformedGraphqlRequest(read.problem))
  const ledger = ledgerOf(request)
  ledger.entries = read.entries
  ledger.batch = read.batch

  const bounds = boundsFor(request)
  let measured = refusalFor(bounds, { batch: read.entries.length })
  if (measured !== undefined && measured.mode !== 'measure') return measured
  const limits = {
    bytes: largest(bounds, 'maxBytes'),
    tokens: largest(bounds, 'maxTokens'),
    nesting: largest(bounds, 'maxNesting'),
  }
  for (const { query } of read.entries) {
    if (query === undefined) continue
    const refusal = refusalFor(bounds, countSource(query, limits))
    if (refusal !== undefined && refusal.mode !== 'measure') return refusal
    measured ??= refusal
  }
  return measured
}

/** A GET without any GraphQL member: a person's browser, a health check or a WebSocket upgrade. The engine answers. */
function isNoOperation(request: FastifyRequest): boolean {
  const query = request.query as Record<string, unknown> | undefined
  return query?.['query'] === undefined && query?.['extensions'] === undefined
}
