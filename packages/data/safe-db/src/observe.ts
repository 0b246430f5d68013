import type { Answer, WireStatement } from './connections/batch.ts'
import { answeredBeforeError } from './connections/connection.ts'
import type { Access } from './asking-options.ts'
import { statementOf } from './core/query.ts'
import type { SqlQuery, Statement } from './core/query.ts'
import { fingerprintOf } from './core/statement.ts'
import { kindsOf } from './core/values.ts'
import {
  DatabaseError,
  DatabaseNotRecordedError,
  DatabaseReadOnlyError,
  DatabaseRowLimitExceededError,
  DatabaseStatementForbiddenError,
} from './errors.ts'
import { isReported, report } from './report.ts'
import type { QueryReport } from './report.ts'
import type { Caller, Within } from './service.ts'
import { isTraced, traced } from './trace.ts'
import { accessOf } from './who-asks.ts'

/** Refused text is fingerprinted up to here. */
const MAX_TEXT = 65_536

/** A checked statement, with the most rows that are read of it: one more than are given. */
type BoundedStatement = Statement & Pick<WireStatement, 'maxRows'>

/** What is found out while statements are run, for their reports. */
export interface Trail {
  context: string | undefined
  waitMs: number
}

/** What runs checked statements. */
export type SendAll = (statements: readonly BoundedStatement[], trail: Trail) => Promise<readonly Answer[]>

/** What runs one, and how long it waited for its connection. */
export type Send = (
  statement: BoundedStatement,
) => Promise<{ readonly answer: Answer | undefined; readonly waitMs: number }>

/** What reports say of an error. */
export function codesOf(error: unknown): { readonly code: string; readonly sqlState: string | undefined } {
  const { code, sqlState } = (error ?? {}) as { code?: unknown; sqlState?: unknown }
  return {
    code: typeof code === 'string' ? code : 'DATABASE_ERROR',
    sqlState: typeof sqlState === 'string' ? sqlState : undefined,
  }
}

/** What reports say of a statement: enough to know it again, and none of its values. */
function printOf({ fingerprint, sha256, text, values, kind }: Statement) {
  return { fingerprint, sha256, text, kind, parameters: kindsOf(values) }
}

/** @throws DATABASE_STATEMENT_FORBIDDEN */
function checkCommands({ options: { statements } }: Caller, { commands }: Statement): void {
  const forbidden = commands.find((command) => !statements.includes(command))
  if (forbidden !== undefined) throw new DatabaseStatementForbiddenError(forbidden)
}

/**
 * Checks a statement.
 *
 * @throws UNSAFE_SQL, INVALID_SQL_VALUE, DATABASE_STATEMENT_FORBIDDEN, DATABASE_READ_ONLY; with a report that says so
 */
function check(caller: Caller, query: SqlQuery, access: Access): BoundedStatement {
  // Refused text may hold values, which a plain hash would let anybody guess.
  let print: Pick<QueryReport, 'fingerprint' | 'sha256' | 'text' | 'kind'> = { fingerprint: 'none' }
  try {
    const given: unknown = query
    if (typeof given === 'string') print = { fingerprint: fingerprintOf(given.slice(0, MAX_TEXT)) }
    const statement = statementOf(query)
    print = printOf(statement)
    checkCommands(caller, statement)
    if (access === 'write' && accessOf(caller) === 'read') throw new DatabaseReadOnlyError()
    const { maxRows } = caller.options
    // What writes is committed with its own packet, so that its rows cannot fail it any more.
    const isBounded = maxRows !== false && (access === 'read' || caller.within?.transaction !== undefined)
    return isBounded ? { ...statement, maxRows: maxRows + 1 } : statement
  } catch (error) {
    const { code } = codesOf(error)
    void report(caller, () => ({ ...print, outcome: 'refused', access, code }))
    throw error
  }
}

/** What reports say of a statement that is its own transaction, when it is run for the first time. */
export const ALONE: Within = Object.freeze({
  transaction: undefined,
  context: 'none',
  attempt: 1,
  waitMs: 0,
})

function checked(answers: readonly Answer[], statements: readonly Statement[]): readonly Answer[] {
  if (answers.length < statements.length) throw new DatabaseError()
  for (const { suspended } of answers) if (suspended) throw new DatabaseRowLimitExceededError()
  return answers
}

/** Whether the event of a statement is needed for it to stay. */
function mustBeRecorded({ options, within }: Caller, access: Access): boolean {
  const writes = access === 'write' || within?.access === 'write'
  return options.audit === 'fail-closed' && writes && within?.transaction !== undefined
}

/**
 * Checks and runs statements that go out in one packet, and reports what became of each, once.
 *
 * @throws what the check and the database say; DATABASE_NOT_RECORDED where a report is needed and could not be made, so
 * that the transaction is rolled back
 */
export async function observedAll(
  caller: Caller,
  queries: readonly SqlQuery[],
  access: Access,
  send: SendAll,
): Promise<readonly Answer[]> {
  const statements = queries.map((query) => check(caller, query, access))
  const { within = ALONE } = caller
  const trail: Trail = { context: undefined, waitMs: within.waitMs }
  const started = performance.now()
  const about = () => ({
    access,
    transaction: within.transaction,
    attempt: within.attempt,
    context: trail.context ?? within.context,
    waitMs: trail.waitMs,
    durationMs: performance.now() - started - (trail.waitMs - within.waitMs),
  })
  try {
    const answers = isTraced()
      ? await traced(caller, statements, access, async () =>
          checked(await send(statements, trail), statements),
        )
      : checked(await send(statements, trail), statements)
    const isNeeded = mustBeRecorded(caller, access)
    if (isNeeded && !caller.app.securityEvents.hasDurableSubscribers) throw new DatabaseNotRecordedError()
    if (!isReported(caller)) return answers
    const facts = about()
    const recorded = statements.map((statement, index) =>
      report(caller, () => ({
        ...facts,
        ...printOf(statement),
        outcome: 'succeeded',
        rows: answers[index]?.rowCount,
      })),
    )
    if (isNeeded) {
      await Promise.all(recorded).catch(() => {
        throw new DatabaseNotRecordedError()
      })
    }
    return answers
  } catch (error) {
    reportFailure(caller, statements, about(), error)
    throw error
  }
}

/** Of several statements, those before the one that failed have run and are rolled back; those after it never ran. */
function reportFailure(
  caller: Caller,
  statements: readonly Statement[],
  facts: Omit<QueryReport, 'outcome' | 'fingerprint'>,
  error: unknown,
): void {
  const failed = Math.min(answeredBeforeError(error), statements.length - 1)
  for (const [index, statement] of statements.entries()) {
    if (index > failed) return
    const codes = index === failed ? codesOf(error) : { code: 'TRANSACTION_OVER' }
    void report(caller, () => ({ ...facts, ...printOf(statement), ...codes, outcome: 'failed' }))
  }
}

/** The same for one statement. */
export async function observed(caller: Caller, query: SqlQuery, access: Access, send: Send): Promise<Answer> {
  const [answer] = await observedAll(caller, [query], access, async ([statement], trail) => {
    if (statement === undefined) return []
    const sent = await send(statement)
    trail.waitMs += sent.waitMs
    return sent.answer === undefined ? [] : [sent.answer]
  })
  if (answer === undefined) throw new DatabaseError()
  return answer
}
