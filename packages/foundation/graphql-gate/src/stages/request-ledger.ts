import { isDeepStrictEqual } from 'node:util'
import type { FastifyRequest } from 'fastify'
import type { RequestEntry } from '../core/read-entries.ts'
import type { GraphQLOperation } from '../core/operation.ts'

/** An operation that was judged before its engine ran it. */
interface Judged {
  readonly source: string
  readonly variables: Readonly<Record<string, unknown>>
  used: boolean
}

/** What graphql-gate remembers of one request. */
export interface RequestLedger {
  /** What the body or query string holds; unset until it was read. */
  entries: readonly RequestEntry[] | undefined
  batch: boolean
  /** Every operation that was judged, in order. */
  readonly operations: GraphQLOperation[]
  readonly judged: Judged[]
  /** Response extensions by the index of their operation. */
  readonly extensions: Map<number, Record<string, unknown>>
}

const KEY = Symbol.for('portcullis.graphql-ledger/1')

type Carrier = FastifyRequest & { [KEY]?: RequestLedger }

/** The ledger of a request, created when first asked for. */
export function ledgerOf(request: FastifyRequest): RequestLedger {
  const carrier = request as Carrier
  carrier[KEY] ??= { entries: undefined, batch: false, operations: [], judged: [], extensions: new Map() }
  return carrier[KEY]
}

/**
 * Takes the judgement of an operation that an engine is about to run. Each is good for one execution.
 *
 * Engines hand over the very variables object of a body; those of a query string are compared by value.
 *
 * @returns whether it was judged before
 */
export function takeJudgement(ledger: RequestLedger, source: string, variables: unknown): boolean {
  const found = ledger.judged.find(
    (one) =>
      !one.used &&
      one.source === source &&
      (one.variables === variables || isDeepStrictEqual(one.variables, variables ?? {})),
  )
  if (found === undefined) return false
  found.used = true
  return true
}
