import { DsnProblem, isLoopback, isSocket } from '../core/parse-dsn.ts'
import type { Dsn } from '../core/parse-dsn.ts'
import type { PoolSettings } from './open-pool.ts'

/**
 * Whether a connection may be made as the options and the connection string say.
 *
 * @returns what is unsafe about it, where it is for development alone
 * @throws DsnProblem where the two contradict each other
 */
export function checkTarget(
  dsn: Dsn,
  { tls, requireAuth }: Pick<PoolSettings, 'tls' | 'requireAuth'>,
): string | undefined {
  if (requireAuth !== 'none' && dsn.password === '')
    throw new DsnProblem(
      "it names no password. Where the server need not ask for one, set requireAuth: 'none'",
    )
  if (tls !== 'disable') {
    if (isSocket(dsn.host)) throw new DsnProblem("its host is a socket, which has no TLS: set tls: 'disable'")
    if (dsn.transport !== 'plaintext') return undefined
    throw new DsnProblem(
      "it asks for plaintext (sslmode=disable), and the tls option for 'verify-full'. For a database on this machine set tls: 'disable'",
    )
  }
  if (dsn.transport === 'encrypted')
    throw new DsnProblem(
      "it asks for encryption (sslmode), and the tls option for 'disable'. Leave one of them out",
    )
  return isLoopback(dsn.host) ? undefined : `tls: 'disable' sends everything to ${dsn.host} in the clear.`
}
