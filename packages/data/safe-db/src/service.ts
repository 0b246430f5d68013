import { setMaxListeners } from 'node:events'
import { onSettled } from '@portcullis/kernel'
import type { SecurityEventInput } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WireStatement } from './connections/batch.ts'
import type { Pool } from './connections/pool.ts'
import { obeyDecision } from './core/limit-decision.ts'
import { settingsToParameters } from './core/settings.ts'
import type { Context, Operation, ResolvedSafeDbOptions } from './options.ts'

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
}

const ofPrincipal: Context = ({ principal }) => ({
  'app.current_user_id': principal.id ?? '',
  'app.current_tenant_id': principal.tenantId ?? '',
})

const READ_ONLY = ['transaction_read_only', 'on'] as const

/**
 * The statement that tells the transaction who asks and that it only reads: `set_config` with bound names and values,
 * always local to the transaction. None where there is nothing to tell.
 *
 * @throws DATABASE_CONTEXT_MISSING
 */
export async function contextOf(caller: Caller, readOnly: boolean): Promise<readonly WireStatement[]> {
  const { request, options } = caller
  let settings: readonly WireStatement['values'][number][] = []
  if (request !== undefined) {
    await request.resolvePrincipal()
    settings = settingsToParameters(await (options.context ?? ofPrincipal)(request))
  }
  const values = readOnly ? [...READ_ONLY, ...settings] : settings
  if (values.length === 0) return []
  const calls = values.flatMap((_value, index) =>
    index % 2 === 0 ? [`set_config($${index + 1}, $${index + 2}, true)`] : [],
  )
  return [{ text: `select ${calls.join(', ')}`, values }]
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

/** Publishes what became of a statement. Nobody waits for it. */
export function publish(caller: Caller, event: Omit<SecurityEventInput<'db.query'>, 'type'>): void {
  void caller.app.securityEvents.publish({ type: 'db.query', ...event }, caller.request)
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
