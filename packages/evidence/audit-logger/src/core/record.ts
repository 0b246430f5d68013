import { hash } from 'node:crypto'
import type { Change } from './diff.ts'
import { printableJson } from './line.ts'
import type { Recordable } from './recordable.ts'
import { uuidv7 } from './uuid.ts'

/** Who acted. Ids are pseudonyms, except the tenant's. */
export interface Actor {
  readonly kind: string
  readonly id: string | null
  readonly tenantId?: string | undefined
  readonly actingFor?: string | undefined
}

/** What was acted on. */
export interface Target {
  readonly type: string
  /** A pseudonym. */
  readonly id: string
}

/** Facts of the request. */
export interface RequestFacts {
  readonly id?: string | undefined
  readonly traceId?: string | undefined
  readonly spanId?: string | undefined
  readonly method?: string | undefined
  /** The route's pattern; missing where no route was found. */
  readonly route?: string | undefined
  /** The words of the path, without its query; only where no route was found. */
  readonly path?: Recordable | undefined
  readonly status?: number | undefined
  /** Whether the whole response was handed to the network. */
  readonly completed?: boolean | undefined
  readonly milliseconds?: number | undefined
}

/** What the database statements of a request came to. */
export interface QueryTally {
  readonly count: number
  /** How many of them were refused or failed. */
  readonly failed: number
  /** How long they took together. */
  readonly milliseconds: number
}

/** What other gates knew of a request when it was over. What no gate found out is missing. */
export interface RecordedFacts {
  /** What the policies of user-rate-limit said. */
  readonly limits?:
    | readonly {
        readonly policy: string
        readonly quota: number
        readonly remaining: number
        /** Whether it is why the request was refused. */
        readonly violated: boolean
        /** Set where the store did not decide. */
        readonly degraded?: 'open' | 'local'
      }[]
    | undefined
  /** What the GraphQL operations cost together. */
  readonly cost?: number | undefined
  /** How many personal values were kept back and shown, and their kinds. */
  readonly pii?:
    | { readonly masked: number; readonly revealed: number; readonly infoTypes: readonly string[] }
    | undefined
  readonly queries?: QueryTally | undefined
}

/** One record, as it is given to the trail. */
export interface RecordInput {
  readonly type: string
  /** Of a request: before its handler, before its answer, when it was over. Of a change: before it, and after. */
  readonly stage?: 'received' | 'responding' | 'intended' | 'complete' | undefined
  readonly severity: string
  readonly outcome: string
  readonly action?: string | undefined
  readonly reason?: string | undefined
  readonly actor?: Actor | undefined
  readonly source?: { readonly address: string; readonly userAgent?: Recordable | undefined } | undefined
  readonly request?: RequestFacts | undefined
  readonly subject?: string | undefined
  readonly target?: Target | undefined
  readonly details?: Recordable | undefined
  readonly changes?: readonly Change[] | undefined
  readonly input?: Recordable | undefined
  /** Of a request that is over: what other gates know of it. */
  readonly facts?: RecordedFacts | undefined
}

/** One record, as it is read back. */
export interface AuditRecord extends RecordInput {
  readonly seq: number
  readonly prev: string
  /** The version of this format. */
  readonly v: 1
  /** UUID of version 7. */
  readonly id: string
  /** RFC 3339, UTC. */
  readonly time: string
}

const LARGEST = 32 * 1024

/** The parts that can be large, as head, length and hash. */
function shorten(value: unknown): Recordable | undefined {
  if (value === undefined) return undefined
  const json = JSON.stringify(value)
  return { head: json.slice(0, 1024), length: json.length, sha256: hash('sha256', json, 'hex') }
}

/** The JSON of a record: its members in one order, on one line, safe to print, at most 32 KiB. */
export function recordJson(record: RecordInput, now: number): string {
  const { type, stage, severity, outcome, action, reason, actor, source, request, facts } = record
  const { subject, target, details, changes, input } = record
  const stamp = { v: 1, id: uuidv7(now), time: new Date(now).toISOString() }
  const about = { type, stage, severity, outcome, action, reason, actor, source, request, facts }
  const head = { ...stamp, ...about, subject, target }
  const json = printableJson({ ...head, details, changes, input })
  if (json.length <= LARGEST) return json
  const shortened = { details: shorten(details), changes: shorten(changes), input: shorten(input) }
  return printableJson({ ...head, ...shortened })
}
