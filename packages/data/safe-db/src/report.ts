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

/** Whether anybody hears what becomes of statements. */
export function isReported({ app, options }: Caller): boolean {
  return options.onQuery !== undefined || app.securityEvents.hasSubscribers
}

const RECORDED: Promise<void> = Promise.resolve()

/**
 * Tells the `onQuery` option and the subscribers of security events what became of a statement.
 *
 * @returns a promise that settles when every durable subscriber has it
 */
export function report(
  caller: Caller,
  describe: () => Omit<QueryReport, 'reason' | 'requestId'>,
): Promise<void> {
  const { app, request, options, system: reason } = caller
  if (!isReported(caller)) return RECORDED
  const about = describe()
  const { outcome, text: _text, ...details } = about
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
