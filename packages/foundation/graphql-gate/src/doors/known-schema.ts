import { GraphQLSchema } from 'graphql'
import { SecondGraphqlError } from '../errors.ts'

/**
 * A schema that the graphql package loaded here knows. Types of another copy would look unknown to every check, and in
 * production graphql-js itself does not complain.
 *
 * @throws PORTCULLIS_GRAPHQL_GATE_SECOND_GRAPHQL for anything else
 */
export function knownSchema(schema: unknown, where: string): GraphQLSchema | undefined {
  if (schema === undefined || schema instanceof GraphQLSchema) return schema
  throw new SecondGraphqlError(where)
}
