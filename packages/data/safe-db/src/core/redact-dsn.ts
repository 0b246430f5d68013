import { readDsn } from './read-dsn.ts'

/** Parameters that say how a connection is made and never who makes it. */
const SHOWN: ReadonlySet<string> = new Set([
  'sslmode',
  'ssl',
  'usessl',
  'encrypt',
  'trustservercertificate',
  'tls',
])
const PLAIN = /^[A-Za-z_-]{1,20}$/
const HIDDEN = '[redacted]'

/**
 * A connection string as it may be logged: scheme, host, port, database and how it is encrypted. User, password and
 * every other parameter are left out, however they are written. Where that cannot be told for certain, nothing of it is
 * shown. Never throws.
 *
 * @example redactDsn('postgres://app:secret@db:5432/shop?sslmode=verify-full&password=x')
 * // 'postgres://db:5432/shop?sslmode=verify-full'
 */
export function redactDsn(dsn: unknown): string {
  const parts = typeof dsn === 'string' ? readDsn(dsn) : undefined
  if (parts === undefined) return HIDDEN
  const shown = [...parts.parameters].filter(([name, value]) => SHOWN.has(name) && PLAIN.test(value))
  const query = shown.map(([name, value]) => `${name}=${value}`).join('&')
  return `${parts.scheme}://${parts.hosts}/${parts.database}${query === '' ? '' : `?${query}`}`
}
