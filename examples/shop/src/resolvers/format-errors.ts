import { GraphQLError, type ExecutionResult } from 'graphql'
import mercurius, { type MercuriusContext } from 'mercurius'

/** Answers errors that were meant as answers; of any other, the client learns only that something failed. */
export function formatErrors(
  execution: ExecutionResult & Required<Pick<ExecutionResult, 'errors'>>,
  context: MercuriusContext,
): ReturnType<typeof mercurius.defaultErrorFormatter> {
  const errors = execution.errors.map((error) => {
    if (isMeant(error)) return error
    const { originalError: origin, path } = error
    // As in REST: busy is no secret, and worth trying again.
    if (origin && 'statusCode' in origin && origin.statusCode === 503 && 'code' in origin)
      return new GraphQLError(origin.message, { ...(path && { path }), extensions: { code: origin.code } })
    context.reply?.log.error(error, 'A resolver failed')
    return new GraphQLError('Something failed on our side', {
      ...(error.path && { path: error.path }),
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    })
  })
  return mercurius.defaultErrorFormatter({ ...execution, errors }, context)
}

/** Errors of the engine itself, of Fastify, and whatever carries a code in its extensions. */
function isMeant(error: GraphQLError): boolean {
  const { originalError: origin } = error
  if (!origin || typeof error.extensions['code'] === 'string') return true
  return 'code' in origin && typeof origin.code === 'string' && /^(MER|FST|FAST)_/.test(origin.code)
}
