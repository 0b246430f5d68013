import { loadIfInstalled, speaksGraphql } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { InvalidClassificationError } from '../errors.ts'
import type { Masker } from '../masker.ts'

const load = () =>
  loadIfInstalled(async () => ({
    gate: await import('@portcullis/graphql-gate'),
    ...(await import('./field-mask.ts')),
  }))

/**
 * Refuses a scope with GraphQL in it where graphql-gate is missing: names in answers are no fields, because aliases
 * rename them.
 *
 * @throws PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION
 */
export function refuseGraphql(app: FastifyInstance): void {
  if (!speaksGraphql(app)) return
  throw new InvalidClassificationError(
    'There is GraphQL in this scope, whose fields can only be masked with: npm install @portcullis/graphql-gate graphql',
  )
}

/**
 * Masks the fields of every GraphQL schema that runs in a scope, where graphql-gate is installed.
 *
 * @returns what to ask whether a request came through a GraphQL route, and what to check once routes are known
 * @throws what loading graphql-gate throws, unless it is not installed
 */
export async function useGraphql(masker: Masker): Promise<{
  readonly isGraphql: (request: FastifyRequest) => boolean
  readonly check: () => void
}> {
  const loaded = await load()
  const app = masker.scope
  if (loaded === undefined) return { isGraphql: () => false, check: () => refuseGraphql(app) }
  const { gate, planFieldMask } = loaded
  gate.useGraphqlGate(app, 'piiMasking', false)
  gate.addFieldStep(app, {
    name: 'piiMasking',
    phase: 'mask',
    plan: (target) => planFieldMask(target, masker),
  })
  gate.addCheck(app, {
    name: 'piiMasking',
    phase: 'access',
    async run({ request }) {
      await masker.resolve(request)
      return undefined
    },
  })
  return {
    isGraphql: gate.isDoor,
    check() {
      const doors = gate.doorsWithin(app)
      const blind = doors.find((door) => door.schema() === undefined)
      if (blind !== undefined) {
        const { method, url } = blind.route
        throw new InvalidClassificationError(
          `The schema of ${method} ${url} is not known, so its fields cannot be masked. Name it: { config: { graphql: { schema } } }.`,
        )
      }
    },
  }
}
