import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { fileSecrets, Secret } from '@portcullis/secrets'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { dsnOfSecret } from '../../src/core/dsn-of-secret.ts'
import { DsnProblem, parseDsn } from '../../src/core/parse-dsn.ts'
import { sql } from '../../src/index.ts'
import type { SafeDbOptions } from '../../src/index.ts'
import { appWith, startDatabase } from '../database.ts'
import type { TestDatabase } from '../database.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const numRuns = 2_000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)

let database: TestDatabase
const apps: FastifyInstance[] = []
beforeAll(async () => {
  database = await startDatabase()
})
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))
afterAll(() => database.server.stop())

function build(options: Partial<SafeDbOptions> & Pick<SafeDbOptions, 'dsn'>): FastifyInstance {
  const app = appWith(options)
  apps.push(app)
  return app
}

const me = sql`select current_user as me`
/** A provider with one secret. */
const holding = (text: () => string) => ({
  secrets: { get: async () => new Secret(text()) },
  name: 'database',
})

describe('M7: credentials from a secret', () => {
  it('are read from a file, as a connection string or as JSON in each of its forms', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'safe-db-secrets-'))
    const { port } = database.server
    const pair = { username: 'app', password: 'app password' }
    const url = `postgres://127.0.0.1:${port}/postgres?application_name=shop`
    try {
      for (const [text, where] of [
        [`${database.dsn}\n`],
        [JSON.stringify({ dsn: database.dsn })],
        [JSON.stringify({ ...pair, host: '127.0.0.1', port, dbname: 'postgres', engine: 'postgres' })],
        [JSON.stringify(pair), url],
        [JSON.stringify({ ...pair, port: String(port) }), 'postgres://127.0.0.1/postgres'],
      ] as const) {
        await writeFile(join(directory, 'database'), text, { mode: 0o600 })
        const secrets = fileSecrets({ directory })
        const app = build({ dsn: { secrets, name: 'database', ...(where !== undefined && { url: where }) } })
        await app.ready()
        expect(await app.db.query(me)).toEqual([{ me: 'app' }])
      }
      const missing = build({ dsn: { secrets: fileSecrets({ directory }), name: 'another' } })
      await expect(missing.ready()).rejects.toThrow('db.dsn: its secret cannot be had')
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it('M1: that are none do not boot, and are not told', async () => {
    const hidden = 'hidden-4711'
    for (const [value, says, url] of [
      [hidden, 'no URL'],
      [`{ ${hidden}`, 'neither a connection string nor JSON'],
      [JSON.stringify({ username: hidden }), 'no well-formed password'],
      [JSON.stringify({ username: hidden, password: 7 }), 'no well-formed password'],
      [JSON.stringify({ username: hidden, password: `${hidden}\ud800` }), 'no well-formed password'],
      [JSON.stringify({ username: hidden, password: hidden }), 'no well-formed host'],
      [JSON.stringify({ username: hidden, password: hidden, host: 'h', dbname: 'd', port: hidden }), 'port'],
      [
        JSON.stringify({ username: `${hidden}\0user\0postgres`, password: hidden }),
        'control',
        'postgres://h/d',
      ],
      [JSON.stringify({ username: hidden.repeat(9), password: hidden }), '63 bytes', 'postgres://h/d'],
      [
        JSON.stringify({ username: hidden, password: hidden }),
        'both come from the secret',
        'postgres://u@h/d',
      ],
      [database.dsn, 'leave url out', 'postgres://h/d'],
      [JSON.stringify({ username: hidden, password: hidden }), 'its url is none', 'nothing'],
    ] as const) {
      const app = build({ dsn: { ...holding(() => value), ...(url !== undefined && { url }) } })
      const error: unknown = await Promise.resolve(app.ready()).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'PORTCULLIS_SAFE_DB_INVALID_DSN' })
      expect((error as Error).message).toContain(says)
      expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(hidden)
    }
    for (const dsn of [{ name: 'x' }, { secrets: {}, name: 'x' }, { ...holding(() => ''), name: '' }])
      await expect(build({ dsn: dsn as never }).ready()).rejects.toThrow('db.dsn')
  })

  it(
    'are of one version, user and password, while they change all the time',
    { timeout: 60_000 },
    async () => {
      await database.admin(
        "create role blue login password 'of blue'; create role green login password 'of green'",
      )
      const where = { host: '127.0.0.1', port: database.server.port, dbname: 'postgres' }
      let reads = 0
      const app = build({
        dsn: holding(() => {
          const username = reads++ % 2 === 0 ? 'blue' : 'green'
          return JSON.stringify({ ...where, username, password: `of ${username}` })
        }),
        poolSize: 4,
        poolWait: '20s',
        maxWaiting: 1_000,
      })
      await app.ready()
      const users = new Set<string>()
      for (let round = 0; round < 25; round++) {
        const asked = Array.from({ length: 8 }, () =>
          // A session that is touched is closed, so that a new one is made.
          app.db.one<{ me: string }>(sql`select current_user as me, set_config('app.x', 'y', false)`),
        )
        for (const one of await Promise.all(asked)) users.add(one.me)
      }
      expect([...users].toSorted()).toEqual(['blue', 'green'])
      expect(reads).toBeGreaterThan(25)
    },
  )

  it('come out of JSON as they went in, or are refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (username, password) => {
        const text = JSON.stringify({ username, password, host: '::1', port: 5433, dbname: 'a/b?c#d' })
        let dsn
        try {
          dsn = parseDsn(dsnOfSecret(text, undefined))
        } catch (error) {
          if (!(error instanceof DsnProblem)) throw error
          const fits = (one: string): boolean =>
            one !== '' && one.isWellFormed() && !/\p{Cc}/u.test(one) && Buffer.byteLength(one) <= 63
          return !fits(username) || password === '' || !password.isWellFormed() || /\p{Cc}/u.test(password)
        }
        return (
          dsn.user === username &&
          dsn.password === password &&
          dsn.host === '::1' &&
          dsn.port === 5433 &&
          dsn.database === 'a/b?c#d'
        )
      }),
      { seed, numRuns },
    )
  })
})

describe('where the database is', () => {
  it('a unix socket, which needs no TLS and says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'safe-db-socket-'))
    const server = createServer((socket) => {
      const upstream = connect(database.server.port, '127.0.0.1')
      for (const one of [socket, upstream]) one.on('error', () => undefined)
      socket.pipe(upstream).pipe(socket)
    })
    server.listen(join(folder, '.s.PGSQL.5432'))
    await once(server, 'listening')
    try {
      const dsn = `postgres://app:app%20password@${encodeURIComponent(folder)}/postgres`
      const app = build({ dsn, statementTimeout: 200 })
      await app.ready()
      expect(await app.db.query(me)).toEqual([{ me: 'app' }])
      await expect(build({ dsn, tls: 'verify-full' }).ready()).rejects.toThrow(
        "a socket, which has no TLS: set tls: 'disable'",
      )
    } finally {
      await Promise.all(apps.splice(0).map((app) => app.close()))
      server.close()
      await rm(folder, { recursive: true })
    }
  })

  it.each([
    ['postgres://u:p@..%2Fhere/db', 'absolute path'],
    [`postgres://u:p@${encodeURIComponent(`/${'a'.repeat(90)}`)}/db`, 'absolute path'],
    [`postgres://${'u'.repeat(64)}:p@h/db`, 'its user is longer than 63 bytes'],
    [`postgres://${encodeURIComponent('ü'.repeat(32))}:p@h/db`, 'its user is longer than 63 bytes'],
    [`postgres://u:p@h/${'d'.repeat(64)}`, 'its database is longer'],
    [`postgres://u:p@h/d?application_name=${'d'.repeat(64)}`, 'its application_name is longer'],
    ['postgres://u:p%0a@h/d', 'its password holds a control character'],
    ['postgres://u:p@h%00/d', 'its host holds a control character'],
    ['postgres://u:p@h/d?application_name=x%00options%00-c role=postgres', 'control character'],
    [
      'postgres://u@127.0.0.1/d',
      "it names no password. Where the server need not ask for one, set requireAuth: 'none'",
    ],
  ])('%s is refused', async (dsn, says) => {
    await expect(build({ dsn }).ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_SAFE_DB_INVALID_DSN',
      message: expect.stringContaining(says),
    })
  })
})
