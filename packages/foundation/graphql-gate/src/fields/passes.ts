import { createRequestValue } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'

/**
 * What fields remember of a request holds while its mark is the same object. A mark leads to no request: whoever
 * remembers one keeps no request alive.
 */
export interface Passes {
  mark: object
}

const passes = createRequestValue<Passes>('portcullis.graphql-passes/1')

/** What marks a request, created when first asked for: each request has its own, also those of one socket. */
export function passesOf(request: FastifyRequest): Passes {
  const known = passes.get(request)
  if (known !== undefined) return known
  const made = { mark: {} }
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
