import type { preHandlerAsyncHookHandler } from 'fastify'

/** The flaw: what is guarded is a URL, compared as text, and a body of one known shape. */
export function guardUrl(isTooExpensive: (query: string) => boolean): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    if (request.url !== '/graphql' || request.method !== 'POST') return undefined
    const { query } = request.body as { query: string }
    return isTooExpensive(query.trim()) ? reply.code(400).send({ code: 'QUERY_TOO_EXPENSIVE' }) : undefined
  }
}
