import { setMaxListeners } from 'node:events'
import { onSettled } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Access } from './asking-options.ts'
import type { Pool } from './connections/pool.ts'
import { obeyDecision } from './core/limit-decision.ts'
import type { Operation, ResolvedSafeDbOptions } from './options.ts'

/** The pools of one registration. `read` is `write` where there is no second connection string. */
export interface Pools {
  readonly write: Pool
  readonly read: Pool
}

/** On whose behalf statements run. */
export interface Caller {
  readonly app: FastifyInstance
  readonly pools: Pools
  readonly options: Readonly<ResolvedSafeDbOptions>
  readonly request: FastifyRequest | undefined
  /** Why nobody is behind it; then it has no context of the request. */
  readonly system?: string | undefined
  /** The transaction that its statements are part of. */
  readonly within?: Within | undefined
}

/** What reports say of the transaction that a statement is part of. */
export interface Within {
  readonly transaction: string | undefined
  readonly context: string
  readonly attempt: number
  readonly waitMs: number
  /** Of the whole transaction. */
  readonly access?: Access | undefined
}

/**
 * Asks the `limit` option, with the principal resolved.
 *
 * @throws DATABASE_LIMIT_EXCEEDED with `Retry-After` where waiting helps; DATABASE_LIMIT_INVALID
 */
export async function checkLimit(caller: Caller, operation: Omit<Operation, 'request'>): Promise<void> {
  const { limit } = caller.options
  if (limit === undefined) return
  // So that it may read request.principal: who asks is what most limits are about.
  await caller.request?.resolvePrincipal()
  obeyDecision(await limit({ ...operation, request: caller.request }))
}

const over = new WeakMap<FastifyRequest, AbortSignal>()

/** One for each request: the kernel keeps its listeners until the end, and a request such as a subscription may be long. */
function overSignal(request: FastifyRequest): AbortSignal {
  const known = over.get(request)
  if (known !== undefined) return known
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  over.set(request, controller.signal)
  onSettled(request, () => controller.abort())
  return controller.signal
}

/**
 * Calls `listener` when the request is over, where there is one; at once when it is over already.
 *
 * @returns a function to call when that does not matter any more
 */
export function whenRequestIsOver({ request }: Caller, listener: () => void): () => void {
  if (request === undefined) return () => undefined
  const signal = overSignal(request)
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener)
  return () => signal.removeEventListener('abort', listener)
}
