import type { Refusal } from '@portcullis/kernel'
import type { GraphQLSchema } from 'graphql'
import { checksOf } from '../checks/operation-check.ts'
import type { OperationBatch } from '../checks/operation-check.ts'
import type { GraphQLOperation } from '../core/operation.ts'
import { startDeadline } from '../fields/deadline.ts'
import { guardFields } from '../fields/guard-fields.ts'
import { ledgerOf } from './request-ledger.ts'

/**
 * Runs every check of the request's scope over operations that are about to execute, in phase order.
 *
 * @param onRefusal is told each refusal; answers whether it is enforced, which ends the judgement
 * @returns whether the operations may run
 */
export async function judge(
  exchange: Pick<OperationBatch, 'request' | 'reply'>,
  schema: GraphQLSchema | undefined,
  operations: readonly GraphQLOperation[],
  onRefusal: (refusal: Refusal) => Promise<boolean>,
): Promise<boolean> {
  const { request } = exchange
  guardFields(request.server, schema)
  const ledger = ledgerOf(request)
  const earlier = [...ledger.operations]
  ledger.operations.push(...operations)
  for (const check of checksOf(request.server)) {
    const result = check.run({ ...exchange, schema, operations, earlier })
    const refusal = result instanceof Promise ? await result : result
    if (refusal !== undefined && (await onRefusal(refusal))) return false
  }
  startDeadline(request, operations)
  return true
}
