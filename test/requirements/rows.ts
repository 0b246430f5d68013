/**
 * The requirements as data, so that row, test and result can be listed: F rows come from a production-security guide for
 * GraphQL on PostgreSQL, M rows from a security guide for a SQL library. The acceptance tests of a row are named with
 * its id (`F14: depth counts through fragments`).
 */

/** One promise that somebody reads and believes. */
export interface Row {
  /** `F1` … `F70`, `M1` … `M28`. */
  readonly id: string
  /** What is promised, in a few words. */
  readonly gist: string
  /** The packages that carry it, or the file where no package does. */
  readonly packages: readonly string[]
  /** `half`: one of several packages, or one of two halves of the test, stands. */
  readonly state: 'done' | 'half' | 'later'
  /** Files with acceptance tests, relative to the root of the repository. */
  readonly tests: readonly string[]
}

const row = (
  id: string,
  packages: readonly string[],
  gist: string,
  state: Row['state'] = 'later',
  ...tests: readonly string[]
): Row => ({ id, gist, packages, state, tests })

/** All 98 rows, in the order of the guides. */
export const rows: readonly Row[] = [
  row('F1', ['portcullis', 'doctor'], 'Defence in depth: one registration, and a table of layers and routes'),
  row('F2', ['safe-db'], 'Parameterized queries only; a plain string is refused by type and at run time'),
  row('F3', ['safe-db'], 'Interpolated SQL is refused'),
  row(
    'F4',
    ['input-validation'],
    'A validation result that lists every issue, without false alarms on harmless text',
  ),
  row('F5', ['input-validation'], 'A UUID in canonical form, of the versions allowed'),
  row('F6', ['input-validation'], 'An email address with length limits and international domains'),
  row('F7', ['input-validation'], 'Arguments are validated before any resolver works'),
  row('F8', ['graphql-gate'], 'GraphQL is parsed once and within bounds; refusals echo nothing'),
  row('F9', ['query-cost'], 'Cost analysis is on once registered, can be switched off, or only measures'),
  row('F10', ['query-cost'], 'A highest cost of 1000, per route, role and kind of operation'),
  row(
    'F11',
    ['depth-limit'],
    'A greatest depth of 10 that lets standard introspection pass where it is allowed',
  ),
  row('F12', ['query-cost'], 'A default list size, and sizes from literals, variables and defaults'),
  row('F13', ['query-cost'], 'Weights and multipliers by schema coordinate'),
  row('F14', ['depth-limit'], 'Depth counts through fragments, in linear time'),
  row('F15', ['depth-limit'], 'MAX_DEPTH_EXCEEDED with its message; numbers only where limits may be shown'),
  row(
    'F16',
    ['query-cost', 'graphql-gate'],
    'Cost is judged on every route and door that carries an operation',
  ),
  row(
    'F17',
    ['query-cost'],
    'A cost analysis that knows variables, the chosen operation and inline fragments',
  ),
  row('F18', ['query-cost'], 'QUERY_TOO_EXPENSIVE with status 400, and the cost in the extensions'),
  row('F19', ['user-rate-limit', 'doctor'], 'A shared Redis with a key prefix; remote plaintext is refused'),
  row('F20', ['user-rate-limit'], 'A policy for a GraphQL route'),
  row(
    'F21',
    ['user-rate-limit'],
    'Login attempts are limited by address and by account; failures weigh more',
  ),
  row('F22', ['user-rate-limit'], 'Registrations are limited'),
  row('F23', ['user-rate-limit'], 'Mutations have a policy of their own, decided from the parsed operation'),
  row('F24', ['user-rate-limit'], 'One registration sets up all limits'),
  row(
    'F25',
    ['user-rate-limit'],
    'Every part of a policy has its effect: quota, window, burst, algorithm, key, skip, message',
  ),
  row('F26', ['user-rate-limit'], 'A user limit that is atomic, bounded, and keeps ids out of its keys'),
  row('F27', ['user-rate-limit'], 'Logging out does not lift a limit'),
  row('F28', ['user-rate-limit'], 'USER_RATE_LIMIT_EXCEEDED with status 429 and honest headers'),
  row('F29', ['user-rate-limit'], 'What a policy does without its store is a choice, with a bounded wait'),
  row('F30', ['user-rate-limit', 'doctor'], 'The address of a client cannot be forged by a header'),
  row('F31', ['strict-cors'], 'Cross-origin access is off until origins are given'),
  row('F32', ['strict-cors'], 'Origins are exact; a wildcard is refused in production'),
  row('F33', ['strict-cors'], 'Methods are listed'),
  row('F34', ['strict-cors', 'kernel'], 'Request headers are listed, and every reply carries a request id'),
  row('F35', ['strict-cors'], 'Credentials never go with a wildcard or a reflected origin'),
  row(
    'F36',
    ['strict-cors'],
    'Browsers can read limit headers; preflight answers are cached for a stated time',
  ),
  row('F37', ['auth-tokens'], 'Signing keys are long enough, have ids, and name their algorithm'),
  row('F38', ['auth-tokens'], 'Issuer and audience are required and checked'),
  row('F39', ['auth-tokens'], 'Access tokens are short-lived'),
  row('F40', ['auth-tokens'], 'Refresh tokens expire, and so does the session as a whole'),
  row('F41', ['auth-tokens'], 'Access and refresh tokens cannot stand in for one another'),
  row('F42', ['auth-tokens'], 'A refresh token is consumed once; reuse revokes its family'),
  row('F43', ['auth-tokens'], 'Revocation works for one token and for all of a user'),
  row('F44', ['auth-tokens'], 'A token answer has type and lifetime; cookies are an option'),
  row(
    'F45',
    ['password'],
    'Passwords are hashed with a modern function, off the event loop, and rehashed on login',
  ),
  row('F46', ['password'], 'An unknown account takes as long as a wrong password'),
  row('F47', ['password'], 'A password policy by length and known breaches; composition rules by choice'),
  row('F48', ['pii-masking', 'classification'], 'Personal fields are declared once'),
  row(
    'F49',
    ['pii-masking', 'classification'],
    'A social security number shows at most its last four digits',
  ),
  row('F50', ['pii-masking', 'classification'], 'A card number is masked at every valid length'),
  row('F51', ['pii-masking'], 'One field, whose value depends on the role of the reader'),
  row('F52', ['access-control'], 'Fields are authorized against the right object'),
  row('F53', ['field-encryption'], 'Columns are encrypted with key ids and bound to their row'),
  row('F54', ['field-encryption', 'secrets'], 'A missing key stops the boot'),
  row('F55', ['safe-db', 'field-encryption'], 'An encrypted column makes the round trip'),
  row('F56', ['audit-logger'], 'A successful login is recorded without a raw address'),
  row('F57', ['audit-logger'], 'A failed login is recorded without what the user typed'),
  row(
    'F58',
    ['audit-logger', 'kernel'],
    'Event types and severities are a typed union that applications extend',
  ),
  row('F59', ['access-control', 'pii-masking'], 'Access to personal data and its denial are both recorded'),
  row('F60', ['change-log'], 'Row changes are recorded with before and after'),
  row('F61', ['safe-db'], 'The database knows the current user, in the same round trip and transaction'),
  row('F62', ['data-rights'], 'Personal data is exported completely, as a stream, after a fresh login'),
  row('F63', ['data-rights'], 'Erasure per column: delete, anonymize or retain with a reason'),
  row('F64', ['data-rights'], 'Erasure follows foreign keys and keeps its own proof'),
  row('F65', ['data-rights', 'audit-logger'], 'An erasure is recorded in its own transaction'),
  row('F66', ['access-control'], 'Routes that demand a login'),
  row('F67', ['access-control'], 'A matrix of roles and permissions with scopes'),
  row('F68', ['access-control'], 'Routes that demand a role'),
  row(
    'F69',
    ['change-log', 'audit-logger'],
    'An act of an administrator is recorded with the real difference',
  ),
  row('F70', ['doctor'], 'Evidence reports for compliance'),
  row('M1', ['safe-db', 'doctor'], 'Connection strings come from outside the code'),
  row('M2', ['safe-db', 'secrets'], 'Secrets from AWS Secrets Manager'),
  row('M3', ['safe-db', 'secrets'], 'Secrets from Vault, with lease renewal'),
  row('M4', ['safe-db', 'secrets'], 'Secrets from Azure Key Vault'),
  row('M5', ['safe-db', 'doctor'], 'TLS that verifies the server'),
  row('M6', ['safe-db'], 'A connection string can be logged without its secrets'),
  row('M7', ['safe-db', 'secrets'], 'Credentials rotate without a restart'),
  row('M8', ['safe-db'], 'Separate pools for reading and writing'),
  row('M9', ['safe-db'], 'Identifiers come from a list'),
  row('M10', ['safe-db'], 'Named parameters'),
  row('M11', ['safe-db'], 'Least privilege for database roles, tables of the future included'),
  row('M12', ['safe-db', 'doctor'], 'Row-level security that holds'),
  row('M13', ['safe-db'], 'A checked search path'),
  row('M14', ['input-validation'], 'Every failed check of a user id reports its own message'),
  row('M15', ['safe-db', 'user-rate-limit'], 'Database work is limited without blocking the process'),
  row('M16', ['audit-logger'], 'Queries are recorded by fingerprint, without their values'),
  row('M17', ['safe-db'], 'Query timings on a channel, without values'),
  row('M18', ['doctor'], 'Dependencies with known advisories are reported'),
  row('M19', ['doctor'], 'A database or Redis on a public address is reported'),
  row('M20', ['field-encryption'], 'Encryption at rest, in transit and in backups'),
  row('M21', ['pii-masking'], 'Sensitive values are masked at any depth and in any spelling'),
  row('M22', ['audit-logger', 'data-rights'], 'Retention with secure deletion'),
  row('M23', ['data-rights'], 'Access, deletion, minimization and consent'),
  row('M24', ['doctor'], 'A report for health data'),
  row('M25', ['user-rate-limit', 'auth-tokens', 'doctor'], 'An incident can be contained and investigated'),
  row('M26', ['audit-logger'], 'Security events are typed and cannot be forged by log injection'),
  row('M27', ['doctor'], 'A checklist of practices; errors do not expose internals'),
  row(
    'M28',
    ['SECURITY.md'],
    'Security reports are private and answered within 48 hours',
    'done',
    'test/requirements/security-policy.test.ts',
  ),
]
