import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { stateOf } from '../state.ts'
import { REQUEST_ID_HEADER } from './request-id.ts'

/**
 * For `Fastify({ frameworkErrors })`: answers what never reaches a hook (malformed URLs, over-long parameters) with a
 * request id and without echoing the URL.
 */
export function frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.raw.setHeader(REQUEST_ID_HEADER, request.id)
  for (const listener of stateOf(request.server).arrivals) if (listener(request, reply)) return
  const statusCode = error.statusCode ?? 400
  void reply.code(statusCode).send({
    statusCode,
    code: error.code,
    error: STATUS_CODES[statusCode] ?? 'Bad Request',
    message: 'The URL of the request is malformed.',
  })
}

/**
 * For `app.setNotFoundHandler(notFound)`: answers what no route answers with 404, the code `NOT_FOUND` and a request id.
 * Fastify's own answer and log line hold the URL; these hold nothing of it. No gate sets it: the answer is the app's.
 */
export function notFound(request: FastifyRequest, reply: FastifyReply): void {
  void reply
    .header(REQUEST_ID_HEADER, request.id)
    .code(404)
    .send({ statusCode: 404, code: 'NOT_FOUND', error: 'Not Found', message: 'There is nothing here.' })
}
