import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { environmentOf } from '../environment.ts'
import type { ClientError } from '../refusal.ts'
import { REQUEST_ID_HEADER } from '../requests/request-id.ts'
import { stateOf } from '../state.ts'
import { causeOf } from './cause.ts'
import { publicErrorOf } from './public-error.ts'
import type { PublicError } from './public-error.ts'

/** Options of {@link createErrorHandler}. */
export interface ErrorHandlerOptions {
  /**
   * Makes a message harmless, so that the log may have it: `maskInText` of @portcullis/classification with masks of your
   * choice, for example. Default: the log has type, code and stack of an error, and no message.
   */
  readonly mask?: (text: string) => string
}

/** A handler for `app.setErrorHandler()`. */
export type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void

const PROBLEM = 'application/problem+json; charset=utf-8'

function asClientError({ code, detail, status, issues }: PublicError, requestId: string): ClientError {
  const error = Object.assign(new Error(detail), { code, statusCode: status }) as ClientError
  const more = { ...(issues === undefined ? {} : { issues }), ...(status >= 500 ? { requestId } : {}) }
  return Object.assign(error, { extensions: more })
}

/**
 * Makes a handler for `app.setErrorHandler()` that tells users what to do and attackers nothing: problem details (RFC 9457)
 * with a stable `code`, and a GraphQL error on GraphQL routes. What is no fault of the client becomes one text with the
 * request id, and its cause goes to the log. In development, answers have the error's own message and stack too. No gate
 * sets it: how errors look is the app's to say.
 */
export function createErrorHandler({ mask }: ErrorHandlerOptions = {}): ErrorHandler {
  return function portcullisErrors(error, request, reply) {
    const told = publicErrorOf(error)
    if (told.status >= 500) {
      request.log.error({ failure: causeOf(error, mask), code: told.code }, 'a request failed')
    }
    for (const [name, value] of Object.entries(told.headers ?? {})) void reply.header(name, value)
    void reply.header(REQUEST_ID_HEADER, request.id).code(told.status)
    const graphql = stateOf(request.server).refusalFormat?.(request, reply, asClientError(told, request.id))
    if (graphql !== undefined) return void reply.send(graphql)
    const { status, code, detail, issues } = told
    const isDevelopment = environmentOf(request.server) === 'development'
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
    const problem = {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail,
      code,
      requestId: request.id,
      ...(issues === undefined ? {} : { issues }),
      ...(isDevelopment && status >= 500 ? { debug: { message, stack: stack?.split('\n') } } : {}),
    }
    // Serialised here, so that a response schema of the route cannot drop anything of it.
    void reply.type(PROBLEM).send(JSON.stringify(problem))
  }
}

/** {@link createErrorHandler} without options: `app.setErrorHandler(errorHandler)`. */
export const errorHandler: ErrorHandler = createErrorHandler()
