import { onSettled, refusalOf, routeOption, traceContextOf } from '@portcullis/kernel'
import type { DecisionResult, Outcome, Refusal } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { registrationOf } from './app-state.ts'
import type { Registration } from './app-state.ts'
import type { RecordInput } from './core/record.ts'
import { recordable } from './core/recordable.ts'
import type { Recordable } from './core/recordable.ts'
import { endsWithin } from './core/within.ts'
import { AuditUnavailable } from './errors.ts'
import { actorOf, knownPrincipal, pathOf, sourceOf } from './facts.ts'
import type { AuditLevel, ResolvedAuditLoggerOptions } from './options.ts'
import { recordedFactsOf, recordedOperationsOf } from './recorded-facts.ts'
import { markSeen } from './unrouted.ts'

/** What is remembered of a request that is recorded. */
export interface Capture {
  readonly registration: Registration
  readonly options: Readonly<ResolvedAuditLoggerOptions>
  readonly level: AuditLevel
  readonly started: number
  /** Set when its handler was about to run: only then it is worth asking who sent it. */
  entered: Entry | undefined
  /** Whether the record before the answer was made. */
  answering: boolean
}

/** What is remembered of the moment before a handler. */
interface Entry {
  /** The headers of the answer so far, where it may be held back: what the handler adds is part of its answer. */
  readonly headers: Readonly<Record<string, unknown>>
  /** What was sent, before the handler can change it; only where it is recorded. */
  readonly input: Recordable | undefined
}

const captures = new WeakMap<FastifyRequest, Capture>()

/** What is remembered of a request; nothing where it is not recorded. */
export function captureOf(request: FastifyRequest): Capture | undefined {
  return captures.get(request)
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** A plugin's `none` does not reach routes that change something; a route's own does. */
function levelOf(request: FastifyRequest, { level }: Readonly<ResolvedAuditLoggerOptions>): AuditLevel {
  if (level !== 'none' || READING.has(request.method)) return level
  const { audit } = request.routeOptions.config
  return audit !== undefined && audit !== false && audit.level === 'none' ? 'none' : 'metadata'
}

/** A request's record so far. */
export function requestRecord(request: FastifyRequest, capture: Capture): RecordInput {
  const { registration, options } = capture
  const { url } = request.routeOptions
  return {
    type: 'http.request',
    severity: 'INFO',
    outcome: 'allowed',
    action: options.action,
    actor: actorOf(registration, knownPrincipal(request)),
    source: sourceOf(registration, request.ip, request.headers['user-agent']),
    request: {
      id: request.id,
      ...traceContextOf(request),
      method: request.method,
      route: request.is404 ? undefined : url,
      path: request.is404 ? pathOf(registration, request.url) : undefined,
    },
  }
}

/** What became of a request. */
export function verdictOn({ completed, statusCode }: Outcome): Pick<RecordInput, 'severity' | 'outcome'> {
  if (statusCode >= 500) return { severity: 'ERROR', outcome: 'failed' }
  if (!completed) return { severity: 'WARNING', outcome: 'failed' }
  if (statusCode === 401 || statusCode === 403 || statusCode === 429)
    return { severity: 'WARNING', outcome: 'refused' }
  return { severity: 'INFO', outcome: statusCode >= 400 ? 'refused' : 'succeeded' }
}

/** Finds out who asks where that may be known by now; a failure of it is for the routes that need it. */
async function findPrincipal(request: FastifyRequest, { options }: Capture): Promise<void> {
  await endsWithin(request.resolvePrincipal(), options.sinkTimeout)
}

function inputOf({ params, query, body }: FastifyRequest, { level }: Capture): Recordable | undefined {
  return level === 'request' ? recordable({ params, query, body }) : undefined
}

async function complete(
  request: FastifyRequest,
  reply: FastifyReply,
  capture: Capture,
  outcome: Outcome,
): Promise<void> {
  if (capture.entered !== undefined) await findPrincipal(request, capture)
  const record = requestRecord(request, capture)
  const { trail } = capture.registration
  const refused = refusalOf(request)?.error.code
  const operations = recordedOperationsOf(request).map((details) =>
    trail.append({
      ...record,
      type: 'graphql.operation',
      outcome: refused === undefined ? 'allowed' : 'refused',
      reason: refused,
      details,
    }),
  )
  const last = trail.append({
    ...record,
    ...verdictOn(outcome),
    stage: 'complete',
    reason: refused,
    request: {
      ...record.request,
      // Before anything was sent, the status is only Node's default.
      status: reply.raw.headersSent ? outcome.statusCode : undefined,
      completed: outcome.completed,
      milliseconds: Math.round(performance.now() - capture.started),
    },
    facts: recordedFactsOf(request),
    input: capture.entered?.input ?? inputOf(request, capture),
  })
  await Promise.all([...operations, last])
}

/** Begins to record a request, before any gate decides: whatever becomes of it, it is recorded once. */
export function beginCapture(request: FastifyRequest, reply: FastifyReply): undefined {
  markSeen(request.raw)
  const options = routeOption<ResolvedAuditLoggerOptions>(request, 'audit')
  const registration = registrationOf(request.server)
  if (options === false || registration === undefined) return
  const level = levelOf(request, options)
  const capture: Capture = {
    registration,
    options,
    level,
    started: performance.now(),
    entered: undefined,
    answering: false,
  }
  captures.set(request, capture)
  onSettled(request, (outcome) => {
    if (level !== 'none') registration.trail.track(complete(request, reply, capture, outcome))
  })
}

/** Whether a record is durable within the `sinkTimeout`. */
export function isRecorded(record: RecordInput, { registration, options }: Capture): Promise<boolean> {
  return endsWithin(registration.trail.append(record), options.sinkTimeout)
}

/** The refusal of a request that cannot be recorded. */
export function unavailable(): Refusal {
  const error = new AuditUnavailable()
  return {
    gate: 'audit',
    error,
    headers: { 'retry-after': '5' },
    event: { type: 'audit.unavailable', severity: 'CRITICAL', details: { code: error.code } },
  }
}

async function recordIntent(request: FastifyRequest, capture: Capture): Promise<DecisionResult> {
  await findPrincipal(request, capture)
  const record: RecordInput = { ...requestRecord(request, capture), stage: 'received' }
  const recorded = await isRecorded(record, capture)
  return recorded || capture.options.onSinkFailure === 'drop' ? undefined : unavailable()
}

/** Decides whether the handler may run: not, where nobody could prove afterwards that it did. */
export function decideIntent(
  request: FastifyRequest,
  reply: FastifyReply,
): DecisionResult | Promise<DecisionResult> {
  const capture = captures.get(request)
  if (capture === undefined || request.is404) return undefined
  const { options, registration, level } = capture
  const headers = options.delivery === 'batch' ? {} : { ...reply.getHeaders() }
  capture.entered = { headers, input: inputOf(request, capture) }
  if (level === 'none') return undefined
  if (options.onSinkFailure === 'fail-closed' && !registration.trail.ready) return unavailable()
  return options.delivery === 'blocking-strict' ? recordIntent(request, capture) : undefined
}
