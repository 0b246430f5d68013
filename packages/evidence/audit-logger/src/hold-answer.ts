import { refusalOf, refuseAnswer } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { captureOf, isRecorded, requestRecord, unavailable, verdictOn } from './capture.ts'
import type { Capture } from './capture.ts'

/** Takes back what the handler answered: nobody will read it. */
function takeBack(reply: FastifyReply, payload: unknown, { entered }: Capture): void {
  const { destroy } = (payload ?? {}) as { destroy?: unknown }
  if (typeof destroy === 'function') destroy.call(payload)
  const before = entered?.headers ?? {}
  for (const name of Object.keys(reply.getHeaders())) {
    void reply.removeHeader(name)
    reply.raw.removeHeader(name)
  }
  for (const [name, value] of Object.entries(before)) void reply.header(name, value)
}

/** For `onSend`: an answer that must not leave before it is recorded waits here. */
export async function holdAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  const capture = captureOf(request)
  if (capture === undefined || capture.answering || capture.entered === undefined || capture.level === 'none')
    return payload
  if (capture.options.delivery === 'batch' || refusalOf(request)?.gate === 'audit') return payload
  capture.answering = true
  const outcome = { completed: true, statusCode: reply.statusCode }
  const record = requestRecord(request, capture)
  const recorded = await isRecorded(
    {
      ...record,
      ...verdictOn(outcome),
      stage: 'responding',
      request: { ...record.request, status: reply.statusCode },
    },
    capture,
  )
  if (recorded || capture.options.onSinkFailure === 'drop') return payload
  takeBack(reply, payload, capture)
  const { headers: _retry, ...refusal } = unavailable()
  return refuseAnswer(request, reply, refusal)
}
