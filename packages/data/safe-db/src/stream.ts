import type { Answer, WireStatement } from './connections/batch.ts'
import { pulled } from './core/pulled.ts'
import type { SqlQuery } from './core/query.ts'
import { DatabaseError, InvalidSqlValueError } from './errors.ts'
import type { Row } from './queries.ts'
import { observed } from './observe.ts'
import type { Caller } from './service.ts'

/** How a statement is streamed. */
export interface StreamOptions {
  /** Rows that are fetched in one round trip, from 1 to 10,000, and held in memory. Default: 100. */
  readonly batchSize?: number | undefined
}

const BATCH_SIZE = 100
const MAX_BATCH_SIZE = 10_000

/** The rows of a statement, batch by batch, each when it is asked for. */
export type Batches = (statement: SqlQuery, size: number) => AsyncGenerator<Row[], void, undefined>

/**
 * The size of batches.
 *
 * @throws INVALID_SQL_VALUE
 */
export function batchSizeOf({ batchSize = BATCH_SIZE }: StreamOptions): number {
  if (Number.isSafeInteger(batchSize) && batchSize >= 1 && batchSize <= MAX_BATCH_SIZE) return batchSize
  throw new InvalidSqlValueError(`batchSize takes a whole number from 1 to ${MAX_BATCH_SIZE}`)
}

/** The transaction that a statement is streamed in. */
export interface OpenTransaction {
  /** Runs one statement when those before it are through. */
  run(statement: WireStatement): Promise<Answer | undefined>
  /** Takes note that something in it has failed. */
  fail(error: unknown): void
  /**
   * Calls `listener` when nothing more can be run in it.
   *
   * @returns a function to call when that does not matter any more
   */
  onOver(listener: () => void): () => void
}

/** Ways to stream statements of one transaction, several at a time: each has a portal of its own on the server. */
export function batchesIn(caller: Caller, transaction: OpenTransaction): Batches {
  let portals = 0
  return (query, size) =>
    pulled(async (push) => {
      const portal = `stream${++portals}`
      // Who never asks again must not keep the event of this statement from being published.
      let stop: () => void = () => undefined
      const forget = transaction.onOver(() => stop())
      const isMoreWanted = (rows: Row[]): Promise<boolean> =>
        new Promise((resolve) => {
          stop = () => resolve(false)
          void push(rows).then(resolve)
        })
      const send = async ({ text, values, touchesSession }: WireStatement) => {
        let rowCount = 0
        for (let resume = false; ; resume = true) {
          const fetch = {
            text,
            values,
            touchesSession: touchesSession ?? false,
            portal,
            resume,
            maxRows: size,
          }
          const answer = await transaction.run(fetch)
          if (answer === undefined) throw new DatabaseError()
          const { rows, suspended } = answer
          rowCount += rows.length
          const goesOn = rows.length === 0 || (await isMoreWanted(rows))
          if (!goesOn || !suspended)
            return { answer: { ...answer, rows: [], rowCount, suspended: false }, waitMs: 0 }
        }
      }
      try {
        await observed(caller, query, 'read', send)
      } catch (error) {
        transaction.fail(error)
        throw error
      } finally {
        forget()
      }
    })
}
