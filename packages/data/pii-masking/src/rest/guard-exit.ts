import { routeOption, routeRecordOf } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { cleanText } from '../core/clean-texts.ts'
import type { Disclosure } from '../core/disclosure.ts'
import { PiiExitUnclassified } from '../errors.ts'
import type { ResolvedPiiMaskingOptions } from '../options.ts'
import { maskAnswer, sentBy, stopIfRejected } from './answers.ts'
import type { ReplyMasking } from './answers.ts'
import { isMasked } from './mask-reply.ts'

const told = new WeakSet<FastifyReply>()

function typeOf(reply: FastifyReply): string {
  return String(reply.getHeader('content-type') ?? '')
}

/** Whether the answer says that it is JSON, as it stands and not packed. */
function isJson(reply: FastifyReply): boolean {
  const isPacked = reply.getHeader('content-encoding') !== undefined
  return !isPacked && /^application\/(?:[^;\s]*\+)?json\b/i.test(typeOf(reply))
}

/** Text that is JSON or may be, without the mark that says how it is encoded, which parsers do not take. */
function readable(payload: unknown, reply: FastifyReply): string | undefined {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return undefined
  const start = (typeof payload === 'string' ? payload.slice(0, 64) : payload.subarray(0, 64).toString())
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (!isJson(reply) && start !== '' && !'{['.includes(start[0] ?? '')) return undefined
  return payload.toString().replace(/^\uFEFF/, '')
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function tell(request: FastifyRequest, reply: FastifyReply, masking: ReplyMasking, to: Disclosure): void {
  const { byRole, shown, rejected } = to.findings
  if (byRole) void reply.header('cache-control', 'private, no-store')
  if (told.has(reply)) return
  told.add(reply)
  const { securityEvents } = request.server
  if (shown.size > 0) {
    const details = { fields: [...shown.keys()], infoTypes: [...new Set(shown.values())].sort() }
    const event = { type: 'pii.revealed', severity: 'INFO', outcome: 'allowed', details } as const
    void securityEvents.publish(event, request)
  }
  const [first] = rejected
  if (first !== undefined && masking.isGraphql(request)) {
    const details = { permission: `pii:${first}` }
    const event = { type: 'authz.denied', severity: 'WARNING', outcome: 'refused', details } as const
    void securityEvents.publish(event, request)
  }
}

function unmaskable(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  { plans }: ReplyMasking,
): void {
  const isText = typeof payload === 'string' || Buffer.isBuffer(payload)
  const isBrokenJson = isText && isJson(reply)
  if (!isBrokenJson && !plans.isClassified(routeRecordOf(request))) return
  const options = routeOption<ResolvedPiiMaskingOptions>(request, 'piiMasking')
  if (options === false) return
  if (options.unmaskable === 'refuse') throw new PiiExitUnclassified()
  request.log.warn(
    { code: 'PII_EXIT_UNCLASSIFIED', route: request.routeOptions.url },
    'an answer of this route could not be checked for personal data',
  )
}

/** What cannot be masked: a text of an error is cleaned, everything else is refused or reported, once. */
function passUnread(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  masking: ReplyMasking,
  to: Disclosure,
): unknown {
  const isError = reply.statusCode >= 400 && typeof payload === 'string'
  if (!told.has(reply) && !isError) {
    told.add(reply)
    unmaskable(request, reply, payload, masking)
  }
  if (!isError) return payload
  const clean = cleanText(payload, sentBy(request, to), to)
  if (clean !== payload) void reply.removeHeader('content-length')
  return clean
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
    if (isMasked(reply) || payload === null || payload === undefined || payload === '') {
      tell(request, reply, masking, disclosure)
      return payload
    }
    const text = readable(payload, reply)
    const parsed = text === undefined ? undefined : parseJson(text)
    if (parsed === undefined) return passUnread(request, reply, payload, masking, disclosure)
    const { kept } = disclosure.findings
    const answer = maskAnswer(masking, request, reply, parsed.value, disclosure)
    if (!masking.isGraphql(request)) await stopIfRejected(request, disclosure)
    tell(request, reply, masking, disclosure)
    const written = JSON.stringify(answer)
    // Untouched JSON stays as it was written: numbers beyond what JavaScript holds would be rounded. Not so where
    // something was kept back: a member that was written twice is read once.
    if (kept === disclosure.findings.kept && written === JSON.stringify(parsed.value)) return payload
    void reply.removeHeader('content-length')
    return written
  }
}
