import type * as GraphqlGate from '@portcullis/graphql-gate'
import type { Door, OperationBatch } from '@portcullis/graphql-gate'
import { gateFactsOf, loadIfInstalled } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { MissingGateError, UnknownFieldError } from './errors.ts'
import type { CompiledPolicy } from './policies/compile-policies.ts'
import type { Selection } from './policies/selection.ts'
import { keepPrice } from './settle-price.ts'

/** Decides the policies of a request that need its operations. */
export type DecideBudget = (batch: OperationBatch) => Promise<Refusal | undefined>

/**
 * Adds the check of the `budget` phase, where graphql-gate is installed.
 *
 * @param needing the option of the plugin that needs operations, if there is one: then graphql-gate is loaded for it
 * @returns what is needed of graphql-gate; `undefined` where it is not installed
 * @throws PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE when there is one and graphql-gate is not installed
 */
export async function addBudgetCheck(
  app: FastifyInstance,
  needing: string | undefined,
  decide: DecideBudget,
): Promise<
  Pick<typeof GraphqlGate, 'isDoor' | 'doorsWithin' | 'addAnswerStep' | 'addSubscriptionStep'> | undefined
> {
  // A REST app never installs graphql.
  const gate = await loadIfInstalled<typeof GraphqlGate>(() => import('@portcullis/graphql-gate'))
  if (gate === undefined) {
    if (needing === undefined) return undefined
    const mend = '@portcullis/graphql-gate and graphql: npm install @portcullis/graphql-gate graphql'
    throw new MissingGateError(needing, mend)
  }
  if (needing !== undefined) gate.useGraphqlGate(app, 'userRateLimit')
  gate.addCheck(app, { name: 'userRateLimit', phase: 'budget', run: decide })
  return gate
}

/** @throws PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE where nobody will tell operations to an option */
export function requireOperations(scope: FastifyInstance, option: string): void {
  if (scope.hasDecorator('graphqlGate')) return
  throw new MissingGateError(
    option,
    '@portcullis/graphql-gate to be registered in its scope, to know operations',
  )
}

/**
 * Refuses to boot where a policy waits for facts that nobody will bring.
 *
 * @throws PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE
 */
export function requireFacts(scope: FastifyInstance, policies: readonly CompiledPolicy[]): void {
  for (const { policy, points, cost, eventCost } of policies) {
    if (points.has('budget') || points.has('event')) requireOperations(scope, `policies.${policy.name}`)
    if ((cost === 'queryCost' || eventCost === 'queryCost') && !scope.hasRequestDecorator('queryCost')) {
      throw new MissingGateError(
        `policies.${policy.name}`,
        "@portcullis/query-cost to be registered in its scope, for 'queryCost'",
      )
    }
  }
}

/** The types that a schema runs operations of, by kind. */
function hasField(door: Door, field: string): boolean | undefined {
  const schema = door.schema()
  if (schema === undefined) return undefined
  const [kind, name = ''] = field.split('.')
  const root =
    kind === 'query'
      ? schema.getQueryType()
      : kind === 'mutation'
        ? schema.getMutationType()
        : schema.getSubscriptionType()
  return Object.hasOwn(root?.getFields() ?? {}, name)
}

/**
 * Watches the answers of a scope in which prices are charged. Its name puts it before query-cost, which tells in the
 * same answers what is left.
 */
export function watchAnswers(app: FastifyInstance, gate: Pick<typeof GraphqlGate, 'addAnswerStep'>): void {
  gate.addAnswerStep(app, {
    name: 'priceSettlement',
    run({ request, payload }) {
      const { errors } = payload
      const isSubscription = gateFactsOf(request).graphqlOperations?.some(
        ({ kind }) => kind === 'subscription',
      )
      if (isSubscription === true || (Array.isArray(errors) && errors.length > 0)) keepPrice(request)
      return undefined
    },
  })
}

/** An option that is for root fields. */
export interface FieldUser {
  /** Such as `policies.logins`. */
  readonly option: string
  /** As `Selection` has them. */
  readonly fields: Selection['fields']
}

/** The root fields that policies are for. */
export function fieldsOfPolicies(policies: readonly CompiledPolicy[]): FieldUser[] {
  return policies.map(({ policy, selection, account }) => ({
    option: `policies.${policy.name}`,
    fields: new Set([...(selection?.fields ?? []), ...(account?.arguments ?? []).map(({ field }) => field)]),
  }))
}

/**
 * Refuses to boot where a limit is for a root field that is nowhere: one that never counts. Where a schema is not known
 * yet, nothing can be said.
 *
 * @throws PORTCULLIS_USER_RATE_LIMIT_UNKNOWN_FIELD
 */
export function requireFields(doors: readonly Door[], users: readonly FieldUser[]): void {
  for (const { option, fields } of users) {
    for (const field of fields) {
      const found = doors.map((door) => hasField(door, field))
      if (found.length > 0 && found.every((has) => has === false)) {
        const [kind = '', name = ''] = field.split('.')
        throw new UnknownFieldError(option, `${kind[0]?.toUpperCase()}${kind.slice(1)}.${name}`)
      }
    }
  }
}
