import { encodeValue } from '../core/values.ts'
import type { Answer, WireStatement } from './batch.ts'
import type { PoolSettings } from './open-pool.ts'

const SET = `select set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), set_config('idle_in_transaction_session_timeout', $3, true)`

/**
 * Runs statements with the timeouts in the same packet and transaction, for a session that is not ours alone. A `begin`
 * stays the first: its isolation cannot be set after a statement.
 *
 * @returns the answers of `statements`
 */
export async function withTimeouts(
  statements: readonly WireStatement[],
  { statementTimeout, lockTimeout, idleInTransactionTimeout }: PoolSettings,
  run: (all: readonly WireStatement[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const values = [statementTimeout, lockTimeout, idleInTransactionTimeout].map((one) =>
    encodeValue(String(one)),
  )
  const at = statements[0]?.text.startsWith('begin ') === true ? 1 : 0
  const answers = await run(statements.toSpliced(at, 0, { text: SET, values }))
  return answers.toSpliced(at, 1)
}
