import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** The header that carries the request id both ways. */
export const REQUEST_ID_HEADER = 'x-request-id'

const WELL_FORMED_INBOUND = /^[A-Za-z0-9._~+/=-]{8,128}$/
const SAFE_IN_HEADER = /^[\x21-\x7e]{1,128}$/
const FASTIFY_DEFAULT = /^req-[0-9a-z]+$/

function usesDefaultGenerator(app: FastifyInstance): boolean {
  try {
    const { genReqId } = app as unknown as { genReqId: (request: object) => unknown }
    return FASTIFY_DEFAULT.test(String(genReqId({ headers: {} })))
  } catch {
    // An app's own generator that needs a whole request: it is not the default one.
    return false
  }
}

/** Replaces Fastify's default ids (`req-1`, which count requests and repeat in every process) by random UUIDs. */
export function replaceDefaultRequestIds(app: FastifyInstance): void {
  if (usesDefaultGenerator(app)) app.setGenReqId(() => randomUUID())
}

/** Fastify lists more than the socket's own address only when `trustProxy` trusts that socket. */
function fromTrustedProxy(request: FastifyRequest): boolean {
  return (request.ips?.length ?? 0) > 1
}

/**
 * Gives a request its id: an inbound one when it is well-formed and comes from a trusted proxy, else what the app's
 * generator made, else a new random UUID. The id is on `request.id`, in log lines and on the reply. A hijacked reply is
 * the handler's own: Fastify's headers do not reach it.
 */
export function assignRequestId(request: FastifyRequest, reply: FastifyReply): void {
  const inbound = request.headers[REQUEST_ID_HEADER]
  let id = request.id
  if (inbound !== undefined) {
    const trusted =
      typeof inbound === 'string' && WELL_FORMED_INBOUND.test(inbound) && fromTrustedProxy(request)
    if (trusted) id = inbound
    else if (id === inbound) id = randomUUID()
  }
  if (!SAFE_IN_HEADER.test(id)) id = randomUUID()
  if (id !== request.id) {
    request.id = id
    request.log = request.log.child({ reqId: id })
    reply.log = request.log
  }
  void reply.header(REQUEST_ID_HEADER, id)
}
