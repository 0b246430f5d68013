import type { PoolClient } from 'pg'
import { mapError } from '../core/pg-errors.ts'
import { LATE, within } from '../core/within.ts'
import { DatabaseTimeoutError } from '../errors.ts'
import { Batch } from './batch.ts'
import type { Answer, WireStatement } from './batch.ts'

/** A connection that somebody has taken from a pool. It must be released, once. */
export interface Connection {
  /**
   * Runs statements in one round trip: all or none.
   *
   * @throws the database's error, mapped; a connection that does not answer in time is closed
   */
  run(statements: readonly WireStatement[]): Promise<readonly Answer[]>
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
 * @param deadline milliseconds after which a server that has not answered counts as gone
 * @param released called once, when the connection is released
 */
export function createConnection(client: PoolClient, deadline: number, released: () => void): Connection {
  const listeners: (() => void)[] = []
  let state: 'whole' | 'broken' | 'released' = 'whole'
  let touched = false

  // Without a listener, a connection that breaks while it is taken would end the process.
  const onError = (): void => {
    if (state !== 'whole') return
    state = 'broken'
    for (const listener of listeners) listener()
  }
  client.on('error', onError)

  return {
    async run(statements) {
      touched ||= statements.some(({ touchesSession }) => touchesSession === true)
      const batch = new Batch(statements)
      try {
        client.query(batch)
        const answers = await within(deadline, batch.done)
        if (answers !== LATE) return answers
      } catch (error) {
        throw mapError(error)
      }
      onError()
      throw new DatabaseTimeoutError()
    },
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
