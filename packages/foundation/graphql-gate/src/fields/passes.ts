import { createRequestValue } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** By what fields know the request they are resolved for. */
export interface Passes {
  /** The scope of its route, whose steps hold for all that its handler runs: also once that has called another handler. */
  readonly scope: FastifyInstance
  /**
   * What fields remember of the request holds while this is the same object. It leads to no request: whoever remembers it
   * keeps none alive.
   */
  mark: object
}

const passes = createRequestValue<Passes>('portcullis.graphql-passes/1')

/** The marks of a request, made when first asked for. Each request has its own, also those that share a socket. */
export function passesOf(request: FastifyRequest): Passes {
  const known = passes.get(request)
  if (known !== undefined) return known
  const made: Passes = { scope: request.server, mark: {} }
  passes.set(request, made)
  return made
}

/**
 * Has the `passes` of all handlers asked again for a request: for a gate that judges it anew. To be called once the new
 * judgement holds.
 */
export function forgetPasses(request: FastifyRequest): void {
  passesOf(request).mark = {}
}
