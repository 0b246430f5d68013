import { onSettled } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { ledgerOf } from '../stages/request-ledger.ts'

/** What tells the resolvers of a request that nobody waits for them any more. */
export function abortOf(request: FastifyRequest): AbortController {
  const ledger = ledgerOf(request)
  if (ledger.abort === undefined) {
    const abort = new AbortController()
    ledger.abort = abort
    onSettled(request, ({ completed }) => {
      if (!completed) abort.abort()
    })
  }
  return ledger.abort
}
