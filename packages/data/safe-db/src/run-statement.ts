import { cancelWhenClientLeaves } from './cancel-when-client-leaves.ts'
import type { Answer, WireStatement } from './connections/batch.ts'
import { statementOf } from './core/query.ts'
import type { SqlQuery, Statement } from './core/query.ts'
import { fingerprintOf } from './core/statement.ts'
import { kindsOf } from './core/values.ts'
import {
  DatabaseError,
  DatabaseReadOnlyError,
  DatabaseRowLimitExceededError,
  DatabaseStatementForbiddenError,
} from './errors.ts'
import type { Access } from './options.ts'
import { checkLimit, contextOf, publish } from './service.ts'
import type { Caller } from './service.ts'

/** Refused text is fingerprinted up to here. */
const MAX_TEXT = 65_536

/** A checked statement, with the most rows that are read of it: one more than are given. */
type BoundedStatement = Statement & Pick<WireStatement, 'maxRows'>

/** What runs a checked statement, and how long it waited for its connection. */
export type Send = (
  statement: BoundedStatement,
) => Promise<{ readonly answer: Answer | undefined; readonly waitMs: number }>

function codesOf(error: unknown): { readonly code: string; readonly sqlState: string | undefined } {
  const { code, sqlState } = error as { code?: unknown; sqlState?: unknown }
  return {
    code: typeof code === 'string' ? code : 'DATABASE_ERROR',
    sqlState: typeof sqlState === 'string' ? sqlState : undefined,
  }
}

/** What events say of a statement: enough to know it again, and none of its values. */
function printOf({ fingerprint, sha256, values }: Statement) {
  return { fingerprint, sha256, parameters: kindsOf(values) }
}

/** @throws DATABASE_STATEMENT_FORBIDDEN */
function checkCommands({ options: { statements } }: Caller, { commands }: Statement): void {
  const forbidden = commands.find((command) => !statements.includes(command))
  if (forbidden !== undefined) throw new DatabaseStatementForbiddenError(forbidden)
}

/**
 * Checks a statement.
 *
 * @throws UNSAFE_SQL, INVALID_SQL_VALUE, DATABASE_STATEMENT_FORBIDDEN, DATABASE_READ_ONLY; with an event that says so
 */
function check(caller: Caller, query: SqlQuery, access: Access): BoundedStatement {
  // Refused text may hold values, which a plain hash would let anybody guess.
  let print: { readonly fingerprint: string } = { fingerprint: 'none' }
  try {
    const given: unknown = query
    if (typeof given === 'string') print = { fingerprint: fingerprintOf(given.slice(0, MAX_TEXT)) }
    const statement = statementOf(query)
    print = printOf(statement)
    checkCommands(caller, statement)
    if (access === 'write' && caller.options.access === 'read') throw new DatabaseReadOnlyError()
    const { maxRows } = caller.options
    return access === 'read' && maxRows !== false ? { ...statement, maxRows: maxRows + 1 } : statement
  } catch (error) {
    const { code } = codesOf(error)
    publish(caller, { severity: 'WARNING', outcome: 'refused', details: { ...print, access, code } })
    throw error
  }
}

/**
 * Checks and runs a statement, and publishes what became of it: once, without its text and values.
 *
 * @throws what {@link check} and the database say
 */
export async function observed(caller: Caller, query: SqlQuery, access: Access, send: Send): Promise<Answer> {
  const statement = check(caller, query, access)
  const about = { ...printOf(statement), kind: statement.kind, access }
  const started = performance.now()
  try {
    const { answer, waitMs } = await send(statement)
    if (answer === undefined) throw new DatabaseError()
    if (answer.suspended) throw new DatabaseRowLimitExceededError()
    const durationMs = performance.now() - started - waitMs
    const details = { ...about, durationMs, waitMs, rows: answer.rowCount }
    publish(caller, { severity: 'INFO', outcome: 'succeeded', details })
    return answer
  } catch (error) {
    const details = { ...about, durationMs: performance.now() - started, ...codesOf(error) }
    publish(caller, { severity: 'WARNING', outcome: 'failed', details })
    throw error
  }
}

/** Runs a statement with the context of its caller: one packet, one round trip, one transaction. */
export function runStatement(caller: Caller, query: SqlQuery, access: Access): Promise<Answer> {
  return observed(caller, query, access, async (statement) => {
    await checkLimit(caller, { access, kind: statement.kind, fingerprint: statement.fingerprint })
    const context = await contextOf(caller, access === 'read')
    const asked = performance.now()
    const connection = await caller.pools[access].take()
    const waitMs = performance.now() - asked
    const forget = cancelWhenClientLeaves(caller.request, connection)
    try {
      const answers = await connection.run([...context, statement])
      return { answer: answers.at(-1), waitMs }
    } finally {
      forget()
      connection.release()
    }
  })
}
