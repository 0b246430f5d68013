import { tracingChannel } from 'node:diagnostics_channel'
import type { Access } from './asking-options.ts'
import type { Answer } from './connections/batch.ts'
import type { Statement } from './core/query.ts'
import type { Caller } from './service.ts'

/** The channel on which statements are traced: `tracing:portcullis.db.query:start`, `…:asyncEnd`, `…:error`, … */
export const QUERY_CHANNEL = 'portcullis.db.query'

/**
 * What subscribers of {@link QUERY_CHANNEL} receive. Attributes have the names of OpenTelemetry's semantic conventions for
 * database client spans (1.33, stable); those of the answer are there at `asyncEnd`.
 */
export interface QueryTrace {
  readonly attributes: Record<string, string | number>
  /** The request that it was run for. */
  readonly requestId: string | undefined
  error?: unknown
}

const channel = tracingChannel<QueryTrace>(QUERY_CHANNEL)
const { start, end, asyncStart, asyncEnd, error: failed } = channel

/** Whether anybody traces statements. */
export function isTraced(): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    failed.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  )
}

function operationOf(statements: readonly Statement[]): string {
  const kinds = new Set(statements.map(({ kind }) => kind.toUpperCase()))
  const kind = kinds.size === 1 ? ([...kinds][0] ?? '') : ''
  return statements.length > 1 ? `BATCH ${kind}`.trim() : kind
}

/** Runs statements as a span of their own. */
export function traced(
  caller: Caller,
  statements: readonly Statement[],
  access: Access,
  work: () => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const operation = operationOf(statements)
  const attributes: Record<string, string | number> = {
    'db.system.name': 'postgresql',
    'db.operation.name': operation,
    'db.query.summary': operation,
    'db.query.text': statements.map(({ text }) => text).join('; '),
  }
  if (statements.length > 1) attributes['db.operation.batch.size'] = statements.length
  const { target } = caller.pools[access]
  if (target !== undefined) {
    attributes['db.namespace'] = target.database
    attributes['server.address'] = target.host
    attributes['server.port'] = target.port
  }
  const trace: QueryTrace = { attributes, requestId: caller.request?.id }
  return channel.tracePromise(async () => {
    try {
      const answers = await work()
      attributes['db.response.returned_rows'] = answers.reduce((sum, { rows }) => sum + rows.length, 0)
      return answers
    } catch (error) {
      const { code, sqlState } = error as { code?: unknown; sqlState?: unknown }
      if (typeof sqlState === 'string') attributes['db.response.status_code'] = sqlState
      const type = [sqlState, code].find((one) => typeof one === 'string')
      attributes['error.type'] = typeof type === 'string' ? type : '_OTHER'
      throw error
    }
  }, trace)
}
