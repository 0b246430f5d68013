import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

function unwrap(
  { method }: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  if (method !== 'HEAD' || Object.prototype.toString.call(payload) !== '[object Response]')
    return done(null, payload)
  const { status, headers, body } = payload as Response
  void reply.code(status)
  for (const [name, value] of headers) void reply.header(name, value)
  // Fastify ends the stream unread; where there is none, it wants undefined.
  done(null, body ?? undefined)
}

/** Gives Fastify's routes for HEAD, which know no `Response`, the parts of the one that a server answers with. */
export function answerHeadByParts(app: FastifyInstance): void {
  app.addHook('onSend', unwrap)
}
