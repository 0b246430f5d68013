import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ClientError } from '@portcullis/kernel'
import { doorOf } from '../doors/door-of.ts'
import { MalformedGraphqlRequest, MaxBytesExceeded } from '../errors.ts'
import { graphqlErrorBody } from './format-refusal.ts'

/** Errors of Fastify's content type parsers: what came is no JSON, too long, or of a type that nobody reads. */
const UNREADABLE = 'FST_ERR_CTP_'

const unreadable = new WeakSet<FastifyRequest>()

function errorFor(statusCode: number): ClientError {
  if (statusCode === 413) return new MaxBytesExceeded('')
  return new MalformedGraphqlRequest(
    statusCode === 415 ? 'its media type is not taken here' : 'its body cannot be read',
  )
}

function noteUnreadable(
  request: FastifyRequest,
  _reply: FastifyReply,
  error: { readonly code?: string },
  done: () => void,
): void {
  if (error.code?.startsWith(UNREADABLE) === true && doorOf(request) !== undefined) unreadable.add(request)
  done()
}

function answerUnreadable(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  if (!unreadable.has(request)) return done(null, payload)
  const { type, body } = graphqlErrorBody(request, errorFor(reply.statusCode))
  void reply.type(type).header('content-length', Buffer.byteLength(body))
  done(null, body)
}

/** Answers a body that Fastify itself could not read in the form that GraphQL clients know, with Fastify's status. */
export function answerUnreadableBodies(app: FastifyInstance): void {
  app.addHook('onError', noteUnreadable)
  app.addHook('onSend', answerUnreadable)
}
