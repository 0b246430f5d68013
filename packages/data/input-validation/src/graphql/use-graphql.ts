import { loadIfInstalled, onceRoutesKnown, routeOption } from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { InvalidRuleError } from '../errors.ts'
import type { ResolvedInputValidationOptions } from '../options.ts'
import { NAME, refusalOf } from '../refusal.ts'

/** What has to be known of GraphQL elsewhere. */
export interface KnownServers {
  readonly isServer: (request: FastifyRequest) => boolean
  readonly isServerRoute: (route: RouteRecord) => boolean
}

const load = () =>
  loadIfInstalled(async () => ({
    gate: await import('@portcullis/graphql-gate'),
    ...(await import('./check-arguments.ts')),
    ...(await import('./rules.ts')),
  }))

/**
 * Checks the arguments of every GraphQL operation in a scope, where graphql-gate is installed.
 *
 * @throws PORTCULLIS_INPUT_VALIDATION_INVALID_RULE for rules where it is not, at once or when the routes are known
 */
export async function useGraphql(
  app: FastifyInstance,
  { graphql }: Readonly<ResolvedInputValidationOptions>,
): Promise<KnownServers> {
  const first = Object.keys(graphql)[0]
  const loaded = await load()
  if (loaded === undefined) {
    if (first !== undefined) {
      throw new InvalidRuleError(
        `inputValidation.graphql['${first}'] needs @portcullis/graphql-gate: npm install @portcullis/graphql-gate graphql`,
      )
    }
    return { isServer: () => false, isServerRoute: () => false }
  }
  const { gate, checkArguments, rulesOf, unknownCoordinates } = loaded
  gate.useGraphqlGate(app, NAME, false)
  gate.addCheck(app, {
    name: NAME,
    phase: 'access',
    async run({ request, operations, schema }) {
      const options = routeOption<ResolvedInputValidationOptions>(request, NAME)
      if (options === false) return undefined
      if (schema === undefined) {
        if (first === undefined) return undefined
        throw new InvalidRuleError(
          'inputValidation cannot check arguments: the schema of this route is not known.',
        )
      }
      const issues = await checkArguments(operations, schema, rulesOf(schema, options.graphql), options)
      return issues.length === 0 ? undefined : refusalOf(issues, options)
    },
  })
  onceRoutesKnown(app, () => {
    const doors = gate.doorsWithin(app)
    const schemas = doors.map((door) => ({ door, schema: door.schema() }))
    const blind = schemas.find(({ schema }) => schema === undefined)
    if (blind !== undefined && first !== undefined) {
      const { method, url } = blind.door.route
      throw new InvalidRuleError(
        `inputValidation.graphql: the schema of ${method} ${url} is not known, so nothing would be checked there. Name it: { config: { graphql: { schema } } }.`,
      )
    }
    const missing = schemas.map(({ schema }) =>
      schema === undefined ? [] : (rulesOf(schema, graphql), unknownCoordinates(schema, graphql)),
    )
    const nowhere = Object.keys(graphql).find((one) => missing.every((names) => names.includes(one)))
    if (nowhere !== undefined) {
      throw new InvalidRuleError(
        `inputValidation.graphql['${nowhere}'] is for an argument or input field that no schema of this scope has. Name it as Type.field.argument or InputType.field.`,
      )
    }
  })
  const known = new Set<RouteRecord>()
  onceRoutesKnown(app, () => {
    for (const { route } of gate.doorsWithin(app)) known.add(route)
  })
  return { isServer: gate.isDoor, isServerRoute: (route) => known.has(route) }
}
