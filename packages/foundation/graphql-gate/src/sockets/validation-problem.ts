import { environmentOf } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import { OperationTypeNode, validate } from 'graphql'
import type { DocumentNode, GraphQLError, GraphQLSchema } from 'graphql'
import { cleanError } from '../answers/error-hygiene.ts'
import type { GraphQLOperation } from '../core/operation.ts'
import type { Door } from '../doors/door.ts'
import { GraphqlValidationFailed } from '../errors.ts'
import { rejection } from '../stages/rejection.ts'

/** By schema and document, both of which the caches of others bound. */
const verdicts = new WeakMap<GraphQLSchema, WeakMap<DocumentNode, GraphQLError | null>>()

function firstError(schema: GraphQLSchema, document: DocumentNode): GraphQLError | null {
  const ofSchema = verdicts.get(schema) ?? new WeakMap<DocumentNode, GraphQLError | null>()
  verdicts.set(schema, ofSchema)
  let verdict = ofSchema.get(document)
  if (verdict === undefined) {
    verdict = validate(schema, document)[0] ?? null
    ofSchema.set(document, verdict)
  }
  return verdict
}

/** mercurius runs subscriptions without validating them, but what gates tell of a document holds for valid ones alone. */
export function validationProblem(door: Door, operations: readonly GraphQLOperation[]): Refusal | undefined {
  const schema = door.schema()
  if (door.engine !== 'mercurius' || schema === undefined) return undefined
  for (const { kind, document } of operations) {
    const error = kind === OperationTypeNode.SUBSCRIPTION ? firstError(schema, document) : null
    if (error === null) continue
    const suggestions = environmentOf(door.route.scope) !== 'production'
    return rejection(
      'graphqlGate',
      new GraphqlValidationFailed(String(cleanError(error, suggestions).message)),
    )
  }
  return undefined
}
