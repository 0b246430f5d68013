import { REMOVED } from '@portcullis/classification'
import { recordRefusal, routeOption, routeRecordOf } from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { applyPlan } from '../core/apply-plan.ts'
import type { Disclosure } from '../core/disclosure.ts'
import { PiiExitUnclassified, PiiFieldForbidden } from '../errors.ts'
import type { Masker } from '../masker.ts'
import type { ResolvedPiiMaskingOptions } from '../options.ts'
import type { ResponsePlans } from './response-plans.ts'

/** What the hooks of a scope need. */
export interface ReplyMasking {
  readonly masker: Masker
  readonly plans: ResponsePlans
  /** Whether GraphQL's own field masks guard this request's answer. */
  readonly isGraphql: (request: FastifyRequest) => boolean
  /** Whether this registration is the innermost of the request's scope; the outer ones leave the answer to it. */
  readonly holds: (request: FastifyRequest) => boolean
}

const masked = new WeakSet<FastifyReply>()
const told = new WeakSet<FastifyReply>()

function maskPayload(
  { plans }: ReplyMasking,
  route: RouteRecord,
  status: number,
  payload: unknown,
  to: Disclosure,
): unknown {
  const responses = plans.for(route, status)
  if (responses.length === 0) return to.unknown(payload)
  const result = responses.reduce((value, { plan }) => applyPlan(plan, value, to), payload)
  return result === REMOVED ? null : result
}

async function stopIfRejected(request: FastifyRequest, { findings }: Disclosure): Promise<void> {
  const [first] = findings.rejected
  if (first === undefined) return
  const error = new PiiFieldForbidden()
  const event = {
    type: 'authz.denied',
    severity: 'WARNING',
    details: { permission: `pii:${first}` },
  } as const
  await recordRefusal(request, { gate: 'piiMasking', error, event })
  throw error
}

/** A `preSerialization` hook: answers with a masked copy, which the route's serializer then writes. */
export function maskReply(masking: ReplyMasking) {
  return async function portcullisMaskReply(
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
  ): Promise<unknown> {
    if (!masking.holds(request)) return payload
    await masking.masker.resolve(request)
    const disclosure = masking.masker.of(request)
    if (disclosure === undefined || masking.isGraphql(request)) return payload
    const answer = maskPayload(masking, routeRecordOf(request), reply.statusCode, payload, disclosure)
    // Also for a refusal, whose own answer holds nothing that could be refused again.
    masked.add(reply)
    await stopIfRejected(request, disclosure)
    return answer
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function isJson(reply: FastifyReply): boolean {
  return /^application\/(?:[^;\s]*\+)?json\b/i.test(String(reply.getHeader('content-type') ?? ''))
}

function tell(request: FastifyRequest, reply: FastifyReply, { findings }: Disclosure): void {
  if (findings.byRole) void reply.header('cache-control', 'private, no-store')
  if (told.has(reply)) return
  told.add(reply)
  const { shown } = findings
  if (shown.size === 0) return
  const details = { fields: [...shown.keys()], infoTypes: [...new Set(shown.values())].sort() }
  const event = { type: 'pii.revealed', severity: 'INFO', outcome: 'allowed', details } as const
  void request.server.securityEvents.publish(event, request)
}

function unmaskable(request: FastifyRequest, { plans }: ReplyMasking): void {
  if (!plans.isClassified(routeRecordOf(request))) return
  const options = routeOption<ResolvedPiiMaskingOptions>(request, 'piiMasking')
  if (options === false) return
  if (options.unmaskable === 'refuse') throw new PiiExitUnclassified()
  request.log.warn(
    { code: 'PII_EXIT_UNCLASSIFIED', route: request.routeOptions.url },
    'an answer of this route could not be checked for personal data',
  )
}

/**
 * An `onSend` hook: masks JSON that a handler wrote itself, refuses or reports what cannot be masked, and tells caches
 * and subscribers what was decided by role.
 */
export function guardExit(masking: ReplyMasking) {
  return async function portcullisGuardExit(
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
  ): Promise<unknown> {
    const { masker } = masking
    if (!masking.holds(request)) return payload
    await masker.resolve(request)
    const disclosure = masker.of(request)
    if (disclosure === undefined) return payload
    if (masked.has(reply) || masking.isGraphql(request) || payload === null || payload === undefined) {
      tell(request, reply, disclosure)
      return payload
    }
    const text = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.toString() : undefined
    const parsed = text !== undefined && isJson(reply) ? parseJson(text) : undefined
    // Bytes that are no text of JSON stay bytes.
    if (parsed === undefined) {
      if (text !== '' && !told.has(reply)) {
        told.add(reply)
        unmaskable(request, masking)
      }
      return payload
    }
    const answer = maskPayload(masking, routeRecordOf(request), reply.statusCode, parsed.value, disclosure)
    masked.add(reply)
    await stopIfRejected(request, disclosure)
    tell(request, reply, disclosure)
    const written = JSON.stringify(answer)
    // Untouched JSON stays as it was written: numbers beyond what JavaScript holds would be rounded.
    if (written === JSON.stringify(parsed.value)) return payload
    void reply.removeHeader('content-length')
    return written
  }
}
