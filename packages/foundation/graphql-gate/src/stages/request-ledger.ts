import { isDeepStrictEqual } from 'node:util'
import { createRequestValue } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { RequestEntry } from '../core/read-entries.ts'
import type { GraphQLOperation } from '../core/operation.ts'
import type { Deadline } from '../fields/deadline.ts'

/** What tells one operation of a request from another. */
export interface OperationKey {
  readonly source: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | undefined
}

/** An operation that was judged before its engine ran it. */
interface Judged extends OperationKey {
  used: boolean
}

/** What graphql-gate remembers of one request. */
export interface RequestLedger {
  /** Whether its operation came over a WebSocket: then the method and URL of the request say nothing about it. */
  overSocket: boolean
  /** What the body or query string holds; unset until it was read to be judged. */
  entries: readonly RequestEntry[] | undefined
  batch: boolean
  /** Texts whose size was found to be within the bounds. */
  readonly bounded: Set<string>
  /** Every operation that was judged, in order. */
  readonly operations: GraphQLOperation[]
  readonly judged: Judged[]
  /** Response extensions by the index of their operation. */
  readonly extensions: Map<number, Record<string, unknown>>
  /** When its operations must have ended, where that is limited. */
  deadline: Deadline | undefined
  /** What ends its resolvers, where one of them asked. */
  abort: AbortController | undefined
}

const ledgers = createRequestValue<RequestLedger>('portcullis.graphql-ledger/1')

/** The ledger of a request, created when first asked for. */
export function ledgerOf(request: FastifyRequest): RequestLedger {
  const known = ledgers.get(request)
  if (known !== undefined) return known
  const ledger: RequestLedger = {
    overSocket: false,
    entries: undefined,
    batch: false,
    bounded: new Set(),
    operations: [],
    judged: [],
    extensions: new Map(),
    deadline: undefined,
    abort: undefined,
  }
  ledgers.set(request, ledger)
  return ledger
}

/** Engines hand over the very variables object of a body; those of other doors, or none at all, are new objects. */
function isSame(judged: Readonly<Record<string, unknown>>, given: object, byValue: boolean): boolean {
  if (judged === given) return true
  if (Object.keys(judged).length === 0) return Object.keys(given).length === 0
  return byValue && isDeepStrictEqual(judged, given)
}

/** Finds the judgement of an operation, under whatever name where none is given. Each is good for one execution. */
export function findJudgement(
  ledger: RequestLedger,
  { source, variables, ...name }: Partial<OperationKey> & Omit<OperationKey, 'operationName'>,
  byValue: boolean,
): Judged | undefined {
  return ledger.judged.find(
    (one) =>
      !one.used &&
      one.source === source &&
      (!('operationName' in name) || one.operationName === name.operationName) &&
      isSame(one.variables, variables, byValue),
  )
}

/**
 * Takes the judgement of an operation that an engine is about to run.
 *
 * @returns whether it was judged before
 */
export function takeJudgement(
  ledger: RequestLedger,
  { source, variables, operationName }: OperationKey,
  byValue: boolean,
): boolean {
  const found = findJudgement(ledger, { source, variables, operationName }, byValue)
  if (found === undefined) return false
  found.used = true
  return true
}
