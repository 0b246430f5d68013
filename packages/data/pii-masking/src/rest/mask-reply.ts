import type { FastifyReply, FastifyRequest } from 'fastify'
import { maskAnswer, stopIfRejected } from './answers.ts'
import type { ReplyMasking } from './answers.ts'

const masked = new WeakSet<FastifyReply>()

/** Whether the answer that is on its way was masked before it was written. */
export function isMasked(reply: FastifyReply): boolean {
  return masked.has(reply)
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
    if (disclosure === undefined) return payload
    const answer = maskAnswer(masking, request, reply, payload, disclosure)
    masked.add(reply)
    // A field of GraphQL is refused by itself.
    if (!masking.isGraphql(request)) await stopIfRejected(request, disclosure)
    return answer
  }
}

/** An `onError` hook: an error is sent in place of what was masked, and is looked at anew. */
export function forgetReply(masking: ReplyMasking) {
  return async function portcullisForgetReply(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!masking.holds(request)) return
    masked.delete(reply)
    masking.masker.findingsOf(request).discard()
  }
}
