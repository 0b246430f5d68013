import { tracingChannel } from 'node:diagnostics_channel'
import type { EventOutcome } from '@portcullis/kernel'
import type { Access } from './asking-options.ts'
import type { Caller } from './service.ts'

/** What became of one statement. None of its values is in it. */
export interface QueryReport {
  readonly outcome: Extract<EventOutcome, 'succeeded' | 'failed' | 'refused'>
  /** The same for statements that differ in values alone; `none` for what is no statement. */
  readonly fingerprint: string
  /** SHA-256 of the text, in hex. Of what the `sql` tag made. */
  readonly sha256?: string | undefined
  /** The text with placeholders in the place of values. Of what the `sql` tag made. */
  readonly text?: string | undefined
  /** The statement's first word; `transaction` for a whole one that was refused, `commit` or `rollback` for its end. */
  readonly kind?: string | undefined
  readonly access: Access
  /** Kind and size of each parameter, the first 100. */
  readonly parameters?: readonly string[] | undefined
  /** Milliseconds from sending it to its answer. Statements of a batch have the time of the whole. */
  readonly durationMs?: number | undefined
  /** Milliseconds it waited for a connection. */
  readonly waitMs?: number | undefined
  /** Rows that were read or changed. */
  readonly rows?: number | undefined
  /** The code of the error that it ended with. */
  readonly code?: string | undefined
  /** The database's own code of that error. */
  readonly sqlState?: string | undefined
  /** The same for equal contexts while this process runs; tells nothing of them. `none` where nothing was told. */
  readonly context?: string | undefined
  /** The transaction that it was part of, where that was more than itself. */
  readonly transaction?: string | undefined
  /** Counts from 1; more where a conflict was tried again. */
  readonly attempt?: number | undefined
  /** Why nobody is behind it: the reason that `system(reason)` was given. */
  readonly reason?: string | undefined
  /** The request that it was run for. */
  readonly requestId?: string | undefined
}

/**
 * Tells the `onQuery` option and the subscribers of security events what became of a statement.
 *
 * @returns a promise that settles when every durable subscriber has it
 */
export function report(caller: Caller, about: Omit<QueryReport, 'reason' | 'requestId'>): Promise<void> {
  const { app, request, options, system: reason } = caller
  const { outcome, text, ...details } = about
  if (options.onQuery !== undefined) {
    try {
      options.onQuery({ ...about, reason, requestId: request?.id })
    } catch (error) {
      app.log.error({ err: error }, 'db.onQuery failed')
    }
  }
  const severity = outcome === 'succeeded' ? 'INFO' : 'WARNING'
  return app.securityEvents.publish(
    { type: 'db.query', severity, outcome, details: reason === undefined ? details : { ...details, reason } },
    request,
  )
}

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
function isTraced(): boolean {
  return [start, end, asyncStart, asyncEnd, failed].some(({ hasSubscribers }) => hasSubscribers)
}

/** What of statements a trace begins with. */
export interface Traced {
  readonly texts: readonly string[]
  readonly operation: string
  readonly access: Access
}

/** Runs `work` as a span of its own, where anybody traces. */
export async function traced<T>(
  caller: Caller,
  about: () => Traced,
  work: () => Promise<T>,
  rowsOf: (result: T) => number,
): Promise<T> {
  if (!isTraced()) return work()
  const { texts, operation, access } = about()
  const target = caller.pools[access].target
  const attributes: Record<string, string | number> = {
    'db.system.name': 'postgresql',
    'db.operation.name': texts.length > 1 ? `BATCH ${operation}` : operation,
    'db.query.summary': texts.length > 1 ? `BATCH ${operation}` : operation,
    'db.query.text': texts.join('; '),
  }
  if (texts.length > 1) attributes['db.operation.batch.size'] = texts.length
  if (target !== undefined) {
    attributes['db.namespace'] = target.database
    attributes['server.address'] = target.host
    attributes['server.port'] = target.port
  }
  const trace: QueryTrace = { attributes, requestId: caller.request?.id }
  return channel.tracePromise(async () => {
    try {
      const result = await work()
      attributes['db.response.returned_rows'] = rowsOf(result)
      return result
    } catch (error) {
      const { code, sqlState } = error as { code?: unknown; sqlState?: unknown }
      if (typeof sqlState === 'string') attributes['db.response.status_code'] = sqlState
      attributes['error.type'] = String(typeof sqlState === 'string' ? sqlState : (code ?? '_OTHER'))
      throw error
    }
  }, trace)
}
