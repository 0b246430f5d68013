import type { FastifyRequest } from 'fastify'
import type { GateFacts } from '../facts.ts'

type Members = Readonly<Record<string, unknown>>

const membersOf = (value: unknown): Members =>
  (typeof value === 'object' && value !== null ? value : {}) as Members

/** An app may have a decorator of its own under one of these names. */
const IS_FACT: { readonly [Name in keyof GateFacts]-?: (value: unknown) => boolean } = {
  userRateLimit: (limits) =>
    Array.isArray(limits) &&
    limits.every((limit: unknown) => {
      const { policy, quota, remaining, violated } = membersOf(limit)
      const numbers = typeof quota === 'number' && typeof remaining === 'number'
      return numbers && typeof violated === 'boolean' && typeof membersOf(policy)['name'] === 'string'
    }),
  queryCost: (value) => typeof membersOf(value)['cost'] === 'number',
  pii: (value) => {
    const { masked, revealed, infoTypes } = membersOf(value)
    return typeof masked === 'number' && typeof revealed === 'number' && Array.isArray(infoTypes)
  },
  graphqlOperations: (operations) =>
    Array.isArray(operations) &&
    operations.every((operation: unknown) => {
      const { kind, rootFields } = membersOf(operation)
      return typeof kind === 'string' && Array.isArray(rootFields)
    }),
}

function factOf<Name extends keyof GateFacts>(request: FastifyRequest, name: Name): GateFacts[Name] {
  try {
    const value = (request as GateFacts)[name]
    return IS_FACT[name](value) ? value : undefined
  } catch {
    // A decorator that cannot answer in this scope.
    return undefined
  }
}

/**
 * What the gates of an app know of a request by now, for whoever sums it up without importing them. Never throws.
 * The types are what such a reader may rely on; a gate's own decorator may hold more.
 */
export function gateFactsOf(request: FastifyRequest): GateFacts {
  return {
    userRateLimit: factOf(request, 'userRateLimit'),
    queryCost: factOf(request, 'queryCost'),
    pii: factOf(request, 'pii'),
    graphqlOperations: factOf(request, 'graphqlOperations'),
  }
}
