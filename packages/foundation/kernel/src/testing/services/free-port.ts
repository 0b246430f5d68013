import { once } from 'node:events'
import { createServer } from 'node:net'

const HOST = '127.0.0.1'

/** A port of loopback that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, HOST)
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error(`No free port on ${HOST}`)
  return address.port
}
