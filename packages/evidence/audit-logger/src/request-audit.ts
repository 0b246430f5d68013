import type {
  EventOutcome,
  SecurityEventDetails,
  SecurityEventInput,
  SecurityEventType,
  Severity,
} from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { registrationOf } from './app-state.ts'
import { diff } from './core/diff.ts'
import type { Change } from './core/diff.ts'
import { maskReason } from './core/mask-text.ts'
import type { Target } from './core/record.ts'
import { parameterKind, printOf } from './core/statement.ts'
import { AuditUnavailable } from './errors.ts'
import { publishRecorded } from './events.ts'
import type { Extras } from './events.ts'
import { subjectOf, targetOf } from './facts.ts'
import type { Receipt } from './trail/file-sink.ts'

/** What an event may hold beside its details. Ids are recorded as pseudonyms and not published. */
export interface EventFacts {
  /** Default: by the type of the event. */
  readonly severity?: Severity | undefined
  /** Default: by the type of the event. */
  readonly outcome?: EventOutcome | undefined
  /** The account that it is about, as it was typed or stored. */
  readonly subject?: string | undefined
  /** What was acted on. */
  readonly target?: Target | undefined
}

/** A change of something from one state to another. */
export interface ChangeFacts extends EventFacts {
  /** What was done, such as `user.update`. */
  readonly action: string
  readonly before: object
  readonly after: object
}

/** A change that is about to be made. */
export interface IntendedChange extends Omit<EventFacts, 'outcome'> {
  /** What is to be done, such as `user.update`. */
  readonly action: string
}

/** Makes a change, and tells what was and what is when it knows. */
export type ChangeWork<T> = (tell: (before: object, after: object) => void) => T | Promise<T>

/**
 * The decorator `request.audit`. Every method records one event of the request, publishes it to the app's security
 * events, and returns a promise that settles when the record is durable and rejects with AUDIT_UNAVAILABLE when it is
 * not. Nobody has to wait for it.
 */
export interface RequestAudit {
  /** Any security event. */
  event<Type extends SecurityEventType>(
    type: Type,
    details: SecurityEventDetails[Type],
    facts?: EventFacts,
  ): Promise<Receipt>
  /** `data.changed`: what really differs, sensitive values masked. */
  change(change: ChangeFacts): Promise<Receipt>
  /**
   * `data.changed` twice: the intent, durable before `work` begins, and what became of it, with what it told of the
   * difference. A difference that is told and then rolled back is recorded as `failed`.
   *
   * @returns what `work` returns
   * @throws (rejects) AUDIT_UNAVAILABLE when the intent is not durable, and `work` does not run then; else what `work`
   * throws
   */
  change<T>(change: IntendedChange, work: ChangeWork<T>): Promise<T>
  /** `auth.success` or `auth.failure`. A `reason` that is no code (`bad_password`) is masked. */
  authentication(attempt: {
    readonly succeeded: boolean
    readonly subject?: string | undefined
    readonly method?: string | undefined
    readonly reason?: string | undefined
  }): Promise<Receipt>
  /** `data.accessed`; with `permitted: false`, `authz.denied`. */
  dataAccess(resource: string, facts?: EventFacts & { readonly permitted?: boolean }): Promise<Receipt>
  /** `data.exported` */
  dataExport(resource: string, facts?: EventFacts): Promise<Receipt>
  /** `data.erased` */
  dataErasure(resource: string, facts?: EventFacts): Promise<Receipt>
  /** `admin.action`, with the difference where `before` and `after` are given. */
  adminAction(
    action: string,
    facts?: EventFacts & { readonly before?: object | undefined; readonly after?: object | undefined },
  ): Promise<Receipt>
  /** `db.query`: the statement's fingerprint and hash, and of its parameters only kind and size. */
  query(statement: string, parameters?: readonly unknown[], facts?: EventFacts): Promise<Receipt>
}

type Defaults = readonly [Severity, EventOutcome]

const DEFAULTS: ReadonlyMap<string, Defaults> = new Map<SecurityEventType, Defaults>([
  ['auth.failure', ['WARNING', 'failed']],
  ['auth.token_reuse', ['CRITICAL', 'refused']],
  ['authz.denied', ['WARNING', 'refused']],
  ['admin.action', ['WARNING', 'succeeded']],
  ['data.exported', ['WARNING', 'succeeded']],
  ['data.erased', ['WARNING', 'succeeded']],
])

/** Makes `request.audit` for a request. */
export function createRequestAudit(request: FastifyRequest): RequestAudit {
  const registration = registrationOf(request.server)

  function record<Type extends SecurityEventType>(
    type: Type,
    details: SecurityEventDetails[Type],
    facts: EventFacts = {},
    more: Extras = {},
  ): Promise<Receipt> {
    if (registration === undefined) return Promise.reject(new AuditUnavailable())
    const [severity, outcome] = DEFAULTS.get(type) ?? ['INFO', 'succeeded']
    const event: SecurityEventInput<Type> = {
      type,
      severity: facts.severity ?? severity,
      outcome: facts.outcome ?? outcome,
      details,
    }
    const { subject, target } = facts
    return publishRecorded(request, event, {
      ...more,
      ...(subject === undefined ? {} : { subject: subjectOf(registration, subject) }),
      ...(target === undefined ? {} : { target: targetOf(registration, target) }),
    })
  }

  function changed(action: string, changes: readonly Change[], facts: EventFacts, more: Extras = {}) {
    const fields = changes.map(({ field }) => field)
    return record('data.changed', { action, fields }, facts, { ...more, changes })
  }

  async function attempt<T>({ action, ...facts }: IntendedChange, work: ChangeWork<T>): Promise<T> {
    await changed(action, [], { ...facts, outcome: 'allowed' }, { stage: 'intended' })
    let changes: readonly Change[] = []
    const tell = (before: object, after: object): void => {
      changes = diff(before, after)
    }
    // What cannot be recorded any more is counted by the trail; the change itself is made, or not.
    const end = (outcome: EventOutcome, more: Extras) =>
      changed(action, changes, { ...facts, outcome }, { stage: 'complete', ...more }).catch(() => undefined)
    try {
      const result = await work(tell)
      await end('succeeded', {})
      return result
    } catch (error) {
      const { code } = (error ?? {}) as { code?: unknown }
      await end('failed', { reason: maskReason(typeof code === 'string' ? code : 'unspecified') })
      throw error
    }
  }

  function change(act: ChangeFacts): Promise<Receipt>
  function change<T>(act: IntendedChange, work: ChangeWork<T>): Promise<T>
  function change<T>(act: ChangeFacts | IntendedChange, work?: ChangeWork<T>): Promise<T | Receipt> {
    if (work !== undefined) return attempt(act, work)
    const { action, before, after, ...facts } = act as ChangeFacts
    return changed(action, diff(before, after), facts)
  }

  return {
    event: (type, details, facts) => record(type, details, facts),
    change,
    authentication({ succeeded, subject, method, reason = 'unspecified' }) {
      if (succeeded) return record('auth.success', { method }, { subject })
      return record('auth.failure', { reason: maskReason(reason) }, { subject })
    },
    dataAccess(resource, { permitted = true, ...facts } = {}) {
      if (permitted) return record('data.accessed', { resource }, facts)
      return record('authz.denied', { permission: resource }, facts)
    },
    dataExport: (resource, facts) => record('data.exported', { resource }, facts),
    dataErasure: (resource, facts) => record('data.erased', { resource }, facts),
    adminAction(action, { before, after, ...facts } = {}) {
      const compared = before !== undefined || after !== undefined
      const changes = compared ? { changes: diff(before ?? {}, after ?? {}) } : {}
      return record('admin.action', { action }, facts, changes)
    },
    query(statement, parameters = [], facts) {
      const print = { ...printOf(statement), parameters: parameters.slice(0, 100).map(parameterKind) }
      return record('db.query', print, facts)
    },
  }
}
