import type { PoolClient } from 'pg'
import { mapError } from '../core/pg-errors.ts'
import { createDeadline } from '../core/deadline.ts'
import type { Deadline } from '../core/deadline.ts'
import { DatabaseTimeoutError } from '../errors.ts'
import { Batch } from './batch.ts'
import type { Answer, WireStatement } from './batch.ts'
import type { OpenPool, PoolSettings } from './open-pool.ts'
import { withTimeouts } from './session-timeouts.ts'

const answered = new WeakMap<Error, number>()
const deadlines = new WeakMap<PoolClient, Deadline>()

function answeredBefore<E extends Error>(error: E, count: number): E {
  answered.set(error, count)
  return error
}

/** How many statements of its packet were answered before the one that failed with `error`; 0 where nobody knows. */
export function answeredBeforeError(error: unknown): number {
  return error instanceof Error ? (answered.get(error) ?? 0) : 0
}

/** A connection that somebody has taken from a pool. It must be released, once. */
export interface Connection {
  /**
   * Runs statements in one round trip: all or none.
   *
   * @param planKey where statements that come again are prepared: tells apart what their text means elsewhere
   * @throws the database's error, mapped; a statement that is not answered in time is cancelled, and the connection closed
   */
  run(statements: readonly WireStatement[], planKey?: string): Promise<readonly Answer[]>
  /** Asks the server to cancel what runs, if anything does; `run` fails then as the server says. */
  cancel(): void
  /** Calls `listener` when the connection breaks while it is taken. */
  onBroken(listener: () => void): void
  /** Whether the server says that a transaction is open or has failed. */
  readonly inTransaction: boolean
  /**
   * Gives the connection back. One that is broken, still in a transaction, or whose session a statement may have changed,
   * is closed. Later calls do nothing.
   */
  release(): void
}

/**
 * Wraps a client of pg that has been taken from its pool.
 *
 * @param released called once, when the connection is released
 */
export function createConnection(
  client: PoolClient,
  pool: Pick<OpenPool, 'cancel'>,
  settings: PoolSettings,
  released: () => void,
): Connection {
  const listeners: (() => void)[] = []
  const deadline = deadlines.get(client) ?? createDeadline(settings.deadline)
  deadlines.set(client, deadline)
  let state: 'whole' | 'broken' | 'released' = 'whole'
  let touched = false
  let running = false
  let cancelling: Promise<boolean> | undefined

  // Without a listener, a connection that breaks while it is taken would end the process.
  const onError = (): void => {
    if (state !== 'whole') return
    state = 'broken'
    for (const listener of listeners) listener()
  }
  client.on('error', onError)

  function cancel(): void {
    if (state === 'whole' && running) cancelling ??= pool.cancel(client)
  }

  async function send(
    statements: readonly WireStatement[],
    planKey: string | undefined,
    again = true,
  ): Promise<readonly Answer[]> {
    const batch = new Batch(statements, planKey)
    running = true
    try {
      deadline.start(() => {
        cancel()
        onError()
        batch.abandon(new DatabaseTimeoutError())
      })
      client.query(batch)
      return await batch.done
    } catch (error) {
      if (error instanceof DatabaseTimeoutError) throw error
      const isOutdated = again && client.getTransactionStatus() === 'I' && batch.isOutdated(error)
      if (!isOutdated) throw answeredBefore(mapError(error), batch.answered)
    } finally {
      deadline.stop()
      running = false
      // A request to cancel that came late would hit what runs next on this connection.
      if (state === 'whole' && cancelling !== undefined) touched ||= !(await cancelling)
      cancelling = undefined
    }
    // Nothing of the packet has happened.
    return send(statements, planKey, false)
  }

  return {
    run(statements, planKey) {
      for (const { touchesSession } of statements) touched ||= touchesSession === true
      if (settings.pooler === 'none') return send(statements, planKey)
      // What is prepared would stay with a session that is not ours.
      if (client.getTransactionStatus() !== 'I') return send(statements, undefined)
      return withTimeouts(statements, settings, (all) => send(all, undefined))
    },
    cancel,
    onBroken: (listener) => void listeners.push(listener),
    get inTransaction() {
      return client.getTransactionStatus() !== 'I'
    },
    release() {
      if (state === 'released') return
      const close = state === 'broken' || touched || client.getTransactionStatus() !== 'I'
      state = 'released'
      client.release(close)
      client.removeListener('error', onError)
      released()
    },
  }
}
