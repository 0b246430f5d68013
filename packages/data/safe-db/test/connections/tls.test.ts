import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect as connectSecurely, TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../../src/index.ts'
import type { SafeDbOptions } from '../../src/index.ts'
import { certificateFor, giveCertificate } from '../certificates.ts'
import type { Certificate } from '../certificates.ts'
import { visit } from '../client.ts'
import { appWith, startDatabase } from '../database.ts'
import type { TestDatabase } from '../database.ts'

const REQUEST_TLS = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** Somebody in between who has a certificate that the client trusts, and passes everything on. */
async function startBetween(port: number, certificate: Certificate): Promise<Server> {
  const open: Socket[] = []
  const server = createServer((socket) => {
    open.push(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => {
      const upstream = connect(port, '127.0.0.1')
      open.push(upstream)
      upstream.on('error', () => undefined)
      upstream.write(REQUEST_TLS)
      upstream.once('data', () => {
        const behind = connectSecurely({ socket: upstream, rejectUnauthorized: false })
        socket.write('S')
        const before = new TLSSocket(socket, { isServer: true, ...certificate })
        for (const one of [before, behind]) one.on('error', () => socket.destroy())
        before.pipe(behind).pipe(before)
      })
    })
  })
  server.on('close', () => {
    for (const socket of open) socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

describe.each([15, 18] as const)('M5: TLS of PostgreSQL %d', (version) => {
  let database: TestDatabase
  let own: Certificate
  const apps: FastifyInstance[] = []
  beforeAll(async () => {
    database = await startDatabase({ version })
    own = await certificateFor('localhost')
    await giveCertificate(database, own)
  })
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))
  afterAll(() => database.server.stop())

  function build(options: Partial<SafeDbOptions> = {}): FastifyInstance {
    const dsn = database.dsn.replace('127.0.0.1', 'localhost')
    const app = appWith({ dsn, tls: { ca: own.cert }, ...options })
    apps.push(app)
    return app
  }

  it.each(['prefer', 'require', 'disable'] as const)('channelBinding %s connects', async (channelBinding) => {
    const app = build({ channelBinding })
    await app.ready()
    expect(await app.db.query(sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`)).toEqual([
      { ssl: true },
    ])
  })

  it('is bound to its connection, so that nobody in between can pass a proof on', async () => {
    const theirs = await certificateFor('localhost')
    const between = await startBetween(database.server.port, theirs)
    const dsn = database.dsn.replace(
      `127.0.0.1:${database.server.port}`,
      `localhost:${(between.address() as AddressInfo).port}`,
    )
    const tls = { ca: theirs.cert }
    try {
      for (const channelBinding of ['prefer', 'require'] as const) {
        await expect(build({ dsn, tls, channelBinding }).ready()).rejects.toMatchObject({
          code: 'PORTCULLIS_SAFE_DB_UNREACHABLE',
          message: expect.stringContaining('SQLSTATE 28000'),
        })
      }
      // Without it, they can: what was refused was refused for that.
      const app = build({ dsn, tls, channelBinding: 'disable' })
      await app.ready()
      expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
    } finally {
      await Promise.all(apps.splice(0).map((app) => app.close()))
      between.close()
    }
  })

  it('wins over the connection string, which may ask for more and not for less', async () => {
    const dsn = database.dsn.replace('127.0.0.1', 'localhost')
    await expect(build({ dsn: `${dsn}?sslmode=disable` }).ready()).rejects.toThrow('asks for plaintext')
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      await expect(build({ dsn: `${dsn}?sslmode=${mode}`, tls: 'disable' }).ready()).rejects.toThrow(
        'asks for encryption',
      )
    for (const mode of ['allow', 'prefer', 'disable'])
      await expect(
        build({ dsn: `${database.dsn}?sslmode=${mode}`, tls: 'disable' }).ready(),
      ).resolves.toBeDefined()
  })

  it('does not go together with what needs it', async () => {
    for (const [options, says] of [
      [{ tls: 'disable', requireAuth: 'password' }, 'in the clear'],
      [{ tls: 'disable', channelBinding: 'require' }, 'nothing to bind to'],
    ] as const)
      await expect(build(options).ready()).rejects.toMatchObject({
        code: 'PORTCULLIS_KERNEL_INVALID_OPTIONS',
        message: expect.stringContaining(says),
      })
  })

  it('cancels through TLS what runs for a client that goes away', async () => {
    const app = build({ statementTimeout: '30s' })
    app.get('/', (request) => request.db.query(sql`select pg_sleep(30)`))
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    const client = visit(address)
    const running = "select 1 from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"
    await expect.poll(() => database.admin(running)).toHaveLength(1)
    client.leave()
    await client.body
    await expect.poll(() => database.admin(running), { timeout: 5_000 }).toHaveLength(0)
    expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
  })
})
