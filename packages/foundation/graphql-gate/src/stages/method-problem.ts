import type { Refusal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { OperationTypeNode } from 'graphql'
import type { GraphQLOperation } from '../core/operation.ts'
import { OperationNotAllowedOverGet } from '../errors.ts'
import { isOverGet } from './read-request.ts'
import { rejection } from './rejection.ts'

/** Refuses what is no query where it came over GET or HEAD. */
export function methodProblem(request: FastifyRequest, operation: GraphQLOperation): Refusal | undefined {
  if (!isOverGet(request) || operation.kind === OperationTypeNode.QUERY) return undefined
  return { ...rejection('graphqlGate', new OperationNotAllowedOverGet()), headers: { allow: 'POST' } }
}
