import { cancelWhenClientLeaves } from './cancel-when-client-leaves.ts'
import type { Access } from './asking-options.ts'
import type { Answer } from './connections/batch.ts'
import type { SqlQuery, Statement } from './core/query.ts'
import { ALONE, observedAll } from './observe.ts'
import type { SendAll } from './observe.ts'
import { RETRIES, withRetries } from './retry.ts'
import { checkLimit } from './service.ts'
import type { Caller } from './service.ts'
import { inTransaction } from './transaction.ts'
import { accessOf, beginningOf } from './who-asks.ts'

/** What the limit is asked of statements that go out together. */
function operationOf(statements: readonly Statement[], access: Access) {
  const [first, ...more] = statements
  return more.length === 0 && first !== undefined
    ? { access, kind: first.kind, fingerprint: first.fingerprint }
    : { access, kind: 'transaction' as const, fingerprint: undefined }
}

/** Sends statements and their context in one packet: one round trip, one transaction. */
function sendAlone(caller: Caller, access: Access, attempt: number): SendAll {
  return async (statements, trail) => {
    if (attempt === 1 && caller.options.limit !== undefined)
      await checkLimit(caller, operationOf(statements, access))
    const { statements: context, hash, planKey } = await beginningOf(caller, access === 'read')
    trail.context = hash
    const asked = performance.now()
    const connection = await caller.pools[access].take()
    trail.waitMs += performance.now() - asked
    const forget = cancelWhenClientLeaves(caller.request, connection)
    try {
      const answers = await connection.run([...context, ...statements], planKey)
      return answers.slice(context.length)
    } finally {
      forget()
      connection.release()
    }
  }
}

/**
 * Runs statements with the context of their caller: all or none, in one round trip. A conflict is tried again. What must
 * be on record before it stays takes a second round trip.
 */
export function runStatements(
  caller: Caller,
  queries: readonly SqlQuery[],
  access: Access,
): Promise<readonly Answer[]> {
  const isRecorded = caller.options.audit === 'fail-closed' && access === 'write'
  if (isRecorded && accessOf(caller) === 'write')
    return inTransaction(caller, (transaction) => transaction.run(queries, access), {})
  return withRetries(caller, RETRIES, (attempt) =>
    observedAll(
      attempt === 1 ? caller : { ...caller, within: { ...ALONE, attempt } },
      queries,
      access,
      sendAlone(caller, access, attempt),
    ),
  )
}
