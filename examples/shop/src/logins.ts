import type { PolicyOptions } from '@portcullis/user-rate-limit'
import type { FastifyRequest } from 'fastify'
import { Kind, type SelectionSetNode } from 'graphql'

/**
 * How often an address may try a password. Policies of one name and one partition count together, whichever route they
 * hold for. While Redis is away nobody signs in: guessing must not become free.
 */
export const loginLimit = {
  quota: 5,
  window: '5m',
  partitionKey: 'address',
  onStoreError: 'closed',
  message: 'Too many login attempts',
} as const satisfies PolicyOptions

/** The same limit for the GraphQL route: one unit for each password that is tried; each mutation of a batch pays for all. */
export const graphqlLoginLimit = {
  ...loginLimit,
  when: 'mutation',
  skip: (request) => loginsOf(request) === 0,
  cost: loginsOf,
} as const satisfies PolicyOptions

/** How many passwords the GraphQL operations of a request try: its `login` fields at the root, by response name. */
export function loginsOf(request: FastifyRequest): number {
  const names = request.graphqlOperations.map(({ candidates, fragments }) => {
    const found = new Set<string>()
    const spread = new Set<string>()
    const visit = ({ selections }: SelectionSetNode): void => {
      for (const selection of selections) {
        if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet)
        else if (selection.kind === Kind.FIELD) {
          if (selection.name.value === 'login') found.add((selection.alias ?? selection.name).value)
        } else if (!spread.has(selection.name.value)) {
          spread.add(selection.name.value)
          const fragment = fragments.get(selection.name.value)
          if (fragment) visit(fragment.selectionSet)
        }
      }
    }
    for (const { selectionSet } of candidates) visit(selectionSet)
    return found.size
  })
  return names.reduce((total, count) => total + count, 0)
}
