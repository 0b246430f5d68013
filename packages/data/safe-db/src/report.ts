import type { EventOutcome, QueryDetails } from '@portcullis/kernel'
import type { Access } from './asking-options.ts'
import type { Caller } from './service.ts'

/** What became of one statement: what events tell of it, and its text. None of its values is in it. */
export interface QueryReport extends QueryDetails {
  readonly outcome: Extract<EventOutcome, 'succeeded' | 'failed' | 'refused'>
  /** The text with placeholders in the place of values. Of what the `sql` tag made. */
  readonly text?: string | undefined
  readonly access: Access
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
