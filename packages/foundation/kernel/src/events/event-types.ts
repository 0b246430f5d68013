import type { Principal } from '../principal.ts'
import type { TraceContext } from '../requests/trace-context.ts'

/** How grave an event is. */
export type Severity = 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL'

/** What became of the act. `measured`: it would have been refused, but the gate only measures. */
export type EventOutcome = 'allowed' | 'refused' | 'measured' | 'succeeded' | 'failed'

/** Details of a limit that was passed. Numbers only: never a name or value that the client sent. */
export interface LimitDetails {
  readonly code: string
  readonly limit?: number | undefined
  readonly actual?: number | undefined
  readonly policy?: string | undefined
}

/** Details of a denial: names of the app's own, never what a client sent. */
export interface DenialDetails {
  /** The permission that was asked for. */
  readonly permission?: string | undefined
  /** The roles of which one was asked for. */
  readonly roles?: readonly string[] | undefined
  /** The coordinate of the GraphQL field that was guarded, such as `User.salary`. */
  readonly field?: string | undefined
  /** The code of the error that was answered, where there was one. */
  readonly code?: string | undefined
}

/** Details of one database statement: what was asked and how it went, never SQL or values. */
export interface QueryDetails {
  /** The same for statements that differ in values alone; `none` for what is no statement. */
  readonly fingerprint: string
  /** SHA-256 of the statement's whole text, in which no value stands; in hex. Of what the `sql` tag made. */
  readonly sha256?: string | undefined
  /** Kind and size of each parameter (`text(15)`, `bytes(32)`, `null`), the first 100; never a value. */
  readonly parameters?: readonly string[] | undefined
  /** The statement's first word; `transaction` for a whole one that was refused, `commit` or `rollback` for its end. */
  readonly kind?: string | undefined
  readonly access?: 'read' | 'write' | undefined
  /** Milliseconds from sending it to its answer. Statements of a batch have the time of the whole. */
  readonly durationMs?: number | undefined
  /** Milliseconds it waited for a connection. */
  readonly waitMs?: number | undefined
  /** Rows that were read or changed. */
  readonly rows?: number | undefined
  /** The code of the error that it ended with. */
  readonly code?: string | undefined
  /** The database's own code of that error. */
  readonly sqlState?: string | undefined
  /** The same for equal row-level-security contexts while this process runs; tells nothing of them. `none` where nothing was told. */
  readonly context?: string | undefined
  /** The transaction that it was part of, where that was more than itself. */
  readonly transaction?: string | undefined
  /** Counts from 1; more where a conflict was tried again. */
  readonly attempt?: number | undefined
  /** Why nobody is behind it: the reason that `system(reason)` was given. */
  readonly reason?: string | undefined
}

/**
 * Every security event and its details. Open: an app adds its own by declaration merging, under `app.*` names.
 */
export interface SecurityEventDetails {
  'auth.failure': { readonly reason: string }
  'auth.success': { readonly method?: string | undefined }
  /** A refresh token was used again after its successor; `family` is the session, which has ended with it. */
  'auth.token_reuse': { readonly family: string }
  /** Tokens were revoked: one, those of a session or a subject, or all. Never whose token it was. */
  'auth.revoked': { readonly scope: 'token' | 'session' | 'subject' | 'everything' }
  'authz.denied': DenialDetails
  /** A page of an origin that may not: asked ahead (`preflight`), or sent. Never the origin, which is what a client sent. */
  'origin.refused': { readonly code: string; readonly reason: string }
  'query.rejected': LimitDetails
  /** Input that the app does not take; `issues` is how many things are wrong with it. Never what it was. */
  'input.rejected': { readonly code: string; readonly issues?: number | undefined }
  'query.depth_exceeded': LimitDetails
  'query.cost_exceeded': LimitDetails
  'rate_limit.exceeded': LimitDetails
  'rate_limit.store_unavailable': { readonly policy?: string | undefined; readonly behaviour: string }
  /** Once for a request: what kinds were shown raw, under which coordinates. Never values, never whose. */
  'pii.revealed': { readonly fields: readonly string[]; readonly infoTypes: readonly string[] }
  /** Somebody may read what is personal: a resource of the app's permissions, or a field (`User.email`). */
  'data.accessed': { readonly resource: string; readonly permission?: string | undefined }
  'data.exported': { readonly resource: string }
  'data.erased': { readonly resource: string }
  'data.changed': { readonly action: string; readonly fields: readonly string[] }
  'db.query': QueryDetails
  /** The database is used for work that nobody is behind; each of its statements is a `db.query` of its own. */
  'db.system': { readonly reason: string }
  'config.unsafe': { readonly code: string; readonly message: string }
  'admin.action': { readonly action: string }
  'audit.unavailable': { readonly code: string }
}

/** A dotted event name. */
export type SecurityEventType = keyof SecurityEventDetails

/** What a publisher gives. */
export interface SecurityEventInput<Type extends SecurityEventType = SecurityEventType> {
  readonly type: Type
  readonly severity: Severity
  readonly outcome: EventOutcome
  readonly details: SecurityEventDetails[Type]
}

/** What a subscriber receives: the event with its time and, where it came of a request, the request's facts. */
export interface SecurityEvent<
  Type extends SecurityEventType = SecurityEventType,
> extends SecurityEventInput<Type> {
  /** RFC 3339, UTC. */
  readonly time: string
  readonly requestId?: string | undefined
  readonly trace?: TraceContext | undefined
  /** The route's pattern (`/users/:id`), never the URL. */
  readonly route?: string | undefined
  readonly method?: string | undefined
  /** As far as it was known when the event was published. */
  readonly principal?: Pick<Principal, 'kind' | 'id' | 'tenantId'> | undefined
}
