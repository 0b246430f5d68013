/** The database can't be used as a store of tokens as it is. The message says what to do about it. */
export class PostgresNotReady extends Error {
  readonly code = 'PORTCULLIS_AUTH_TOKENS_POSTGRES_NOT_READY'
  override readonly name = 'PostgresNotReady'
}

/** What to do about an error of the boot check, by its SQLSTATE. */
const MENDS: Readonly<Record<string, string>> = {
  '3F000': 'has no schema auth_tokens: apply postgresSchema',
  '42883': 'has no functions of auth_tokens: apply postgresSchema',
  '42P01': 'lacks tables of auth_tokens: apply postgresSchema',
  '42501':
    'lets the role not use the schema auth_tokens: run the grants in the documentation of postgresSchema',
  '25006': 'is read-only: the store needs the primary',
  '25000':
    "begins transactions in another isolation: alter role … set default_transaction_isolation = 'read committed'",
}

/** @param reason a SQLSTATE, or why there was no answer, in a word */
export function notReady(reason: string): PostgresNotReady {
  return new PostgresNotReady(
    `The database of tokens ${MENDS[reason] ?? `does not answer as it should (${reason})`}.`,
  )
}

/** @param version of the schema that the database has */
export function otherVersion(version: number, wanted: number): PostgresNotReady {
  return new PostgresNotReady(
    version < wanted
      ? `The database of tokens has version ${version} of the schema auth_tokens, not ${wanted}: apply postgresSchema.`
      : `The database of tokens has version ${version} of the schema auth_tokens, newer than ${wanted}: update @portcullis/auth-tokens.`,
  )
}
