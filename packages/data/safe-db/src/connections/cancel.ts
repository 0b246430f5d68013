import type pg from 'pg'
import type { Dsn } from '../core/parse-dsn.ts'
import { isSocket } from '../core/parse-dsn.ts'
import { LATE, within } from '../core/within.ts'
import type { GuardedConnection } from './guarded-connection.ts'

/** What pg keeps of the server's key for cancelling, and leaves out of its types. */
interface Keyed {
  readonly processID: number | null
  readonly secretKey: number | null
}

/**
 * Asks the server to cancel what it does for a client, on a connection of its own that is encrypted and verified like all
 * others. The server has signalled when it closes that connection.
 *
 * @param timeout milliseconds that it may take
 * @returns whether the server has signalled, so that what is sent from now on is not hit; never fails
 */
export async function cancelOn(
  connection: GuardedConnection,
  { host, port }: Dsn,
  client: pg.PoolClient,
  timeout: number,
): Promise<boolean> {
  const { processID, secretKey } = client as unknown as Keyed
  if (processID === null || secretKey === null) return false
  let failed = false
  connection.on('error', () => (failed = true))
  const ended = new Promise<true>((resolve) => connection.once('end', () => resolve(true)))
  if (connection.encrypted) connection.once('connect', () => connection.requestSsl())
  connection.once(connection.encrypted ? 'sslconnect' : 'connect', () =>
    connection.cancel(processID, secretKey),
  )
  if (isSocket(host)) connection.connect(`${host}/.s.PGSQL.${port}`)
  else connection.connect(port, host)
  const inTime = (await within(timeout, ended)) !== LATE
  connection.stream.destroy()
  return inTime && !failed
}
