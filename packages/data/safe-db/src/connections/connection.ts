import type { PoolClient } from 'pg'
import { mapError } from '../core/pg-errors.ts'
import { LATE, within } from '../core/within.ts'
import { DatabaseTimeoutError } from '../errors.ts'
import { Batch } from './batch.ts'
import type { Answer, WireStatement } from './batch.ts'
import type { OpenPool, PoolSettings } from './open-pool.ts'
import { withTimeouts } from './session-timeouts.ts'

const answered = new WeakMap<Error, number>()

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
   * @throws the database's error, mapped; a statement that is not answered in time is cancelled, and the connection closed
   */
  run(statements: readonly WireStatement[]): Promise<readonly Answer[]>
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

  async function send(statements: readonly WireStatement[], again = true): Promise<readonly Answer[]> {
    const batch = new Batch(statements, settings.pooler === 'none')
    let isOutdated = false
    running = true
    try {
      client.query(batch)
      const answers = await within(settings.deadline, batch.done)
      if (answers !== LATE) return answers
      cancel()
      onError()
    } catch (error) {
      isOutdated = again && client.getTransactionStatus() === 'I' && batch.isOutdated(error)
      if (!isOutdated) throw answeredBefore(mapError(error), batch.answered)
    } finally {
      running = false
      // A request to cancel that came late would hit what runs next on this connection.
      if (state === 'whole' && cancelling !== undefined) touched ||= !(await cancelling)
      cancelling = undefined
    }
    // Nothing of the packet has happened.
    if (isOutdated) return send(statements, false)
    throw new DatabaseTimeoutError()
  }

  return {
    async run(statements) {
      touched ||= statements.some(({ touchesSession }) => touchesSession === true)
      if (settings.pooler === 'none' || client.getTransactionStatus() !== 'I') return send(statements)
      return withTimeouts(statements, settings, send)
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
