import type { SecurityEvent, SecurityEventInput, SecurityEventType } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { appStateOf, registrationOf } from './app-state.ts'
import type { Registration } from './app-state.ts'
import type { RecordInput } from './core/record.ts'
import { maskReason } from './core/mask-text.ts'
import { recordable } from './core/recordable.ts'
import type { Recordable } from './core/recordable.ts'
import { MASKED } from './core/sensitive-names.ts'
import { AuditUnavailable } from './errors.ts'
import { actorOf } from './facts.ts'
import { countQuery } from './recorded-facts.ts'
import type { Receipt } from './trail/file-sink.ts'

/** What a record holds beside its event: it goes to the trail and to nobody else. */
export type Extras = Pick<RecordInput, 'stage' | 'reason' | 'subject' | 'target' | 'changes'>

interface Publication {
  readonly event: SecurityEventInput
  readonly extras: Extras
  receipt: Promise<Receipt> | undefined
}

// Set while an event of this package is handed to the bus, which calls its subscribers before `publish` returns.
let publication: Publication | undefined

/** Details as they are recorded; a reason that is no code is masked. */
function detailsOf(details: unknown): Recordable {
  const safe = recordable(details)
  if (typeof safe !== 'object' || safe === null || !('reason' in safe)) return safe
  return { ...safe, reason: typeof safe.reason === 'string' ? maskReason(safe.reason) : MASKED }
}

function recordOf(registration: Registration, event: SecurityEvent, extras: Extras): RecordInput {
  return {
    type: event.type,
    severity: event.severity,
    outcome: event.outcome,
    actor: actorOf(registration, event.principal),
    request: {
      id: event.requestId,
      traceId: event.trace?.traceId,
      spanId: event.trace?.spanId,
      method: event.method,
      route: event.route,
    },
    ...extras,
    details: detailsOf(event.details),
  }
}

/**
 * Subscribes to the security events of the app, once: each is recorded in the trail of its request's scope, those
 * without a request in that of the first registration.
 */
export function recordEvents(app: FastifyInstance): void {
  const { registrations } = appStateOf(app)
  if (registrations.all().length > 1) return
  app.securityEvents.subscribe(
    (event, request) => {
      const scope = request && registrationOf(request.server)
      const registration = scope ?? registrations.all()[0]?.value
      if (registration === undefined) return undefined
      if (request !== undefined && isQuery(event)) countQuery(request, event)
      // It says that the trail is away, so it cannot be in it; its request is in the count of what was lost.
      if (event.type === 'audit.unavailable' && !registration.trail.ready) return undefined
      const current = publicationOf(event)
      const receipt = registration.trail.append(recordOf(registration, event, current?.extras ?? {}))
      if (current !== undefined) current.receipt = receipt
      return receipt
    },
    { durable: true },
  )
}

function isQuery(event: SecurityEvent): event is SecurityEvent<'db.query'> {
  return event.type === 'db.query'
}

/** Another subscriber may publish an event of its own in between: the details tell which one is meant. */
function publicationOf({ type, details }: SecurityEvent): Publication | undefined {
  const { event } = publication ?? {}
  const meant = event?.type === type && event.details === details
  return meant && publication?.receipt === undefined ? publication : undefined
}

/**
 * Publishes an event and records it with what only the trail may know.
 *
 * @throws (rejects) AUDIT_UNAVAILABLE when it is not recorded
 */
export function publishRecorded<Type extends SecurityEventType>(
  request: FastifyRequest,
  event: SecurityEventInput<Type>,
  extras: Extras,
): Promise<Receipt> {
  const outer = publication
  const current: Publication = { event, extras, receipt: undefined }
  publication = current
  void request.server.securityEvents.publish(event, request)
  publication = outer
  const receipt = current.receipt ?? Promise.reject(new AuditUnavailable())
  // Whoever does not wait must not end the process with an unhandled rejection.
  receipt.catch(() => undefined)
  return receipt
}
