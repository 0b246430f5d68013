import { causeOf, environmentOf } from '@portcullis/kernel'
import type { ErrorHandlerOptions } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import { useGraphqlGate } from '../use-graphql-gate.ts'
import { addAnswerStep } from './answer-step.ts'
import { withCode } from './error-code.ts'
import type { ResponseError } from './error-hygiene.ts'

/** What servers call an error that nobody gave a code. */
const INTERNAL = 'INTERNAL_SERVER_ERROR'

const MESSAGE = 'Something went wrong here. Tell us the request id, and we can find out what.'

/** Whether an error is meant for the client: it has a code, or is about what the client sent. */
function isForClient(error: ResponseError): boolean {
  const { extensions } = withCode(error)
  const code = (extensions as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && code !== INTERNAL
}

function hidden({ path, locations }: ResponseError, request: FastifyRequest): ResponseError {
  return {
    message: MESSAGE,
    ...(locations === undefined ? {} : { locations }),
    ...(path === undefined ? {} : { path }),
    extensions: { code: INTERNAL, requestId: request.id },
  }
}

/**
 * Hides in the answers of every GraphQL server what went wrong in the app, as the kernel's `errorHandler` does elsewhere:
 * an error without a code of its own becomes one text with the request id, and its cause goes to the log. Errors that are
 * for the client carry a code: `new GraphQLError(message, { extensions: { code } })`. In development they stay as they are.
 */
export function hideErrors(app: FastifyInstance, { mask }: ErrorHandlerOptions = {}): void {
  useGraphqlGate(app, 'hideErrors', false)
  addAnswerStep(app, {
    name: 'hideErrors',
    run({ request, payload }) {
      const { errors } = payload
      if (!Array.isArray(errors) || environmentOf(request.server) === 'development') return undefined
      const given = errors as readonly ResponseError[]
      if (given.every((error) => isForClient(error))) return undefined
      return {
        ...payload,
        errors: given.map((error) => {
          if (isForClient(error)) return error
          const original = error instanceof GraphQLError ? (error.originalError ?? error) : undefined
          if (original !== undefined)
            request.log.error({ failure: causeOf(original, mask) }, 'a resolver failed')
          return hidden(error, request)
        }),
      }
    },
  })
}
