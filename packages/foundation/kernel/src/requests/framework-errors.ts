import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { REQUEST_ID_HEADER } from './request-id.ts'

/**
 * For `Fastify({ frameworkErrors })`: answers what never reaches a hook (malformed URLs, over-long parameters) with a
 * request id and without echoing the URL.
 */
export function frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.raw.setHeader(REQUEST_ID_HEADER, request.id)
  const statusCode = error.statusCode ?? 400
  void reply.code(statusCode).send({
    statusCode,
    code: error.code,
    error: 'Bad Request',
    message: 'The URL of the request is malformed.',
  })
}
