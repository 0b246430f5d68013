import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { findPgBouncer, startPgBouncer } from '../../src/testing/services/pgbouncer.ts'

/** Whether somebody listens on a port of loopback. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const finish = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
  })
}

describe('startPgBouncer', () => {
  it('starts PgBouncer and stops it twice, or says how to install it', async () => {
    const options = { port: 1, users: { 'a "user"': 'a "password"' } }
    if (findPgBouncer() === undefined) {
      await expect(startPgBouncer(options)).rejects.toThrow('apt-get install pgbouncer')
      return
    }
    const service = await startPgBouncer(options)
    expect(await listens(service.port)).toBe(true)
    await service.stop()
    await service.stop()
    expect(await listens(service.port)).toBe(false)
    const wrong = startPgBouncer({ ...options, settings: { pool_mode: 'none at all' } })
    await expect(wrong).rejects.toThrow('PgBouncer did not start')
  })
})
