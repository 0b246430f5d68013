import { loadIfInstalled, nearestName, speaksGraphql } from '@portcullis/kernel'
import { InvalidPolicyError } from '../errors.ts'
import type { Registration } from '../registration.ts'

/** graphql-gate, or `undefined` where it is not installed: a REST app never installs graphql. */
const load = () =>
  loadIfInstalled(async () => ({
    gate: await import('@portcullis/graphql-gate'),
    ...(await import('./field-access.ts')),
    ...(await import('./guard-field.ts')),
    ...(await import('./rules.ts')),
  }))

type Loaded = NonNullable<Awaited<ReturnType<typeof load>>>

/**
 * Refuses a scope with GraphQL in it where graphql-gate is missing: rules of fields would hold for nothing.
 *
 * @throws PORTCULLIS_ACCESS_CONTROL_INVALID_POLICY
 */
export function refuseGraphql({ scope, options }: Registration): void {
  if (!speaksGraphql(scope) && Object.keys(options.graphql).length === 0) return
  throw new InvalidPolicyError(
    'access: there is GraphQL in this scope, whose fields can only be guarded with: npm install @portcullis/graphql-gate graphql',
  )
}

/** A rule for a coordinate that no schema has would guard nothing. */
function requireCoordinates({ gate, knownIn }: Loaded, { scope, options }: Registration): void {
  const coordinates = Object.keys(options.graphql)
  const doors = gate.doorsWithin(scope)
  if (coordinates.length === 0 || doors.length === 0) return
  const schemas = doors.map((door) => door.schema()).filter((schema) => schema !== undefined)
  if (schemas.length < doors.length)
    throw new InvalidPolicyError(
      'access: the schema of a GraphQL route is not known, so its fields cannot be guarded. Name it: { config: { graphql: { schema } } }.',
    )
  const known = new Set(schemas.flatMap((schema) => knownIn(schema, coordinates)))
  const unknown = coordinates.find((coordinate) => !known.has(coordinate))
  if (unknown === undefined) return
  const names = schemas.flatMap((schema) =>
    Object.values(schema.getTypeMap()).flatMap((type) =>
      'getFields' in type && !type.name.startsWith('__')
        ? [type.name, ...Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)]
        : [],
    ),
  )
  const near = nearestName(unknown, names)
  throw new InvalidPolicyError(
    `access.graphql['${unknown}']: no GraphQL schema here has such an object type, interface or field.${near === undefined ? '' : ` Did you mean '${near}'?`}`,
  )
}

/**
 * Guards the fields of every GraphQL schema that runs in a scope, where graphql-gate is installed.
 *
 * @returns what to check once routes are known
 * @throws what loading graphql-gate throws, unless it is not installed
 */
export async function useGraphql(registration: Registration): Promise<() => void> {
  const loaded = await load()
  if (loaded === undefined) return () => refuseGraphql(registration)
  const { gate, planFieldGuard, resolveFieldAccess } = loaded
  const { scope } = registration
  let guards = false
  gate.useGraphqlGate(scope, 'access', false)
  gate.addFieldStep(scope, {
    name: 'access',
    phase: 'access',
    subscribe: true,
    plan(target, within) {
      const handler = planFieldGuard(target, within, registration)
      guards ||= handler !== undefined
      return handler
    },
  })
  gate.addCheck(scope, {
    name: 'access',
    phase: 'access',
    async run({ request }) {
      if (guards) await resolveFieldAccess(registration, request)
      return undefined
    },
  })
  return () => requireCoordinates(loaded, registration)
}
