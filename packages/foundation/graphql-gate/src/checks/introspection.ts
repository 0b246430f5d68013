import type { Refusal } from '@portcullis/kernel'
import { Kind } from 'graphql'
import type { GraphQLSchema, SelectionSetNode } from 'graphql'
import { getNamedType } from 'graphql'
import type { GraphQLOperation } from '../core/operation.ts'
import { IntrospectionNotAllowed } from '../errors.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { rejection } from '../stages/rejection.ts'
import type { OperationBatch, OperationCheck } from './operation-check.ts'

/** The fields that tell the schema. A subgraph's `_service` has all of it as text. */
function tellingFields(schema: GraphQLSchema | undefined): ReadonlySet<string> {
  const service = schema?.getQueryType()?.getFields()['_service']
  const isSubgraph = service !== undefined && getNamedType(service.type).name === '_Service'
  return new Set(isSubgraph ? ['__schema', '__type', '_service'] : ['__schema', '__type'])
}

/** Whether an operation asks for one of the fields anywhere, also where a condition would leave it out. */
function asksFor(fields: ReadonlySet<string>, { candidates, fragments }: GraphQLOperation): boolean {
  const seen = new Set<string>()
  const open: SelectionSetNode[] = candidates.map(({ selectionSet }) => selectionSet)
  for (let set = open.pop(); set !== undefined; set = open.pop()) {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD && fields.has(selection.name.value)) return true
      if (selection.kind !== Kind.FRAGMENT_SPREAD) {
        if (selection.selectionSet !== undefined) open.push(selection.selectionSet)
      } else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value)
        const fragment = fragments.get(selection.name.value)
        if (fragment !== undefined) open.push(fragment.selectionSet)
      }
    }
  }
  return false
}

async function isAllowedByRole({ request }: OperationBatch, roles: readonly string[]): Promise<boolean> {
  const principal = await request.resolvePrincipal()
  return principal.roles.some((role) => roles.includes(role))
}

/** Refuses operations that ask for the schema, where the route's option says so. */
export const introspectionCheck: OperationCheck = {
  name: 'introspection',
  phase: 'access',
  run(batch): Refusal | undefined | Promise<Refusal | undefined> {
    const { introspection } = gateOptionsFor(batch.request)
    if (introspection === true) return undefined
    const fields = tellingFields(batch.schema)
    if (!batch.operations.some((operation) => asksFor(fields, operation))) return undefined
    const refusal = rejection('graphqlGate', new IntrospectionNotAllowed())
    if (introspection === false) return refusal
    return isAllowedByRole(batch, introspection.roles).then((allowed) => (allowed ? undefined : refusal))
  },
}
