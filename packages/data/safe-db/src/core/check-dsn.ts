import { readDsn } from './read-dsn.ts'
import type { DsnParts } from './read-dsn.ts'

/** What a connection string says about its encryption. */
export interface DsnCheck {
  readonly database: 'postgresql' | 'mysql' | 'sqlserver' | 'unknown'
  /** `verified`: encrypted, and the server proves who it is. `encrypted`: anybody could be at the other end. */
  readonly transport: 'verified' | 'encrypted' | 'plaintext' | 'unknown'
}

type Value = (name: string) => string

function postgresql(value: Value): DsnCheck['transport'] {
  const mode = value('sslmode')
  if (mode === 'verify-full') return 'verified'
  return mode === 'require' || mode === 'verify-ca' || mode === 'no-verify' ? 'encrypted' : 'plaintext'
}

function mysql(value: Value): DsnCheck['transport'] {
  const mode = value('sslmode').replaceAll('_', '-')
  if (mode === 'verify-identity') return 'verified'
  const encrypted = ['required', 'require', 'verify-ca'].includes(mode)
  return encrypted || isYes(value('ssl')) || isYes(value('usessl')) ? 'encrypted' : 'plaintext'
}

function sqlserver(value: Value): DsnCheck['transport'] {
  const encrypt = value('encrypt')
  if (encrypt === 'strict') return 'verified'
  if (!isYes(encrypt) && encrypt !== 'mandatory') return 'plaintext'
  return isYes(value('trustservercertificate')) ? 'encrypted' : 'verified'
}

function isYes(value: string): boolean {
  return ['true', 'yes', '1', 'on'].includes(value)
}

function databaseOf({ scheme, parameters }: DsnParts): DsnCheck['database'] {
  if (/postgres|libpq/.test(scheme)) return 'postgresql'
  if (/mysql|mariadb/.test(scheme)) return 'mysql'
  if (/sqlserver|mssql/.test(scheme)) return 'sqlserver'
  return scheme === 'ado' && (parameters.has('server') || parameters.has('datasource'))
    ? 'sqlserver'
    : 'unknown'
}

const RULES: Readonly<Record<DsnCheck['database'], (value: Value) => DsnCheck['transport']>> = {
  postgresql,
  mysql,
  sqlserver,
  unknown: () => 'unknown',
}

/**
 * Tells how a connection string of PostgreSQL, MySQL or SQL Server is encrypted, by what it says itself: what a driver
 * does by default does not count. Never throws.
 */
export function checkDsn(dsn: unknown): DsnCheck {
  const parts = typeof dsn === 'string' ? readDsn(dsn) : undefined
  if (parts === undefined) return { database: 'unknown', transport: 'unknown' }
  const database = databaseOf(parts)
  return { database, transport: RULES[database]((name) => (parts.parameters.get(name) ?? '').toLowerCase()) }
}
