import { inspect } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../src/index.ts'
import type { SafeDbOptions } from '../src/index.ts'
import { certificateFor, giveCertificate } from './certificates.ts'
import { appWith, eventsOf, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
const apps: FastifyInstance[] = []

function build(options: SafeDbOptions, environment?: 'production' | 'test'): FastifyInstance {
  const app = appWith(options, environment)
  apps.push(app)
  return app
}

async function bootError(app: FastifyInstance): Promise<Error & { code?: string }> {
  return app.ready().then(
    () => new Error('it booted'),
    (error: unknown) => error as Error,
  )
}

beforeAll(async () => {
  database = await startDatabase()
})
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))
afterAll(() => database.server.stop())

const sleepFor = (seconds: number) => sql`select pg_sleep(${seconds})`

describe('a pool', () => {
  it('refuses with 503 and Retry-After when none is free in time, and at once when too many wait', async () => {
    const app = build({ dsn: database.dsn, poolSize: 1, poolWait: 50, maxWaiting: 1 })
    app.get('/', (request) => request.db.query(sleepFor(0.3)))
    await app.ready()
    const answers = await Promise.all([1, 2, 3].map(() => app.inject('/')))
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 503, 503])
    const refused = answers.filter(({ statusCode }) => statusCode === 503)
    for (const answer of refused) {
      expect(answer.json()).toMatchObject({ code: 'DATABASE_BUSY' })
      expect(answer.headers['retry-after']).toBe('1')
    }
    expect(app.db.status.write).toEqual({ taken: 0, waiting: 0, open: 1 })
  })

  it('asks the limit before it takes a connection', async () => {
    const asked: unknown[] = []
    const app = build({
      dsn: database.dsn,
      limit: ({ access, kind, request }) => {
        asked.push([access, kind, request?.url])
        return { allowed: access === 'read', limits: [{ retryAfterMs: 2_500 }] }
      },
    })
    app.get('/', (request) => request.db.exec(sql`delete from things`))
    await app.ready()
    const answer = await app.inject('/')
    expect([answer.statusCode, answer.json<{ code: string }>().code, answer.headers['retry-after']]).toEqual([
      429,
      'DATABASE_LIMIT_EXCEEDED',
      '3',
    ])
    expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
    await expect(app.db.tx(async () => 1)).rejects.toMatchObject({ code: 'DATABASE_LIMIT_EXCEEDED' })
    expect(asked).toEqual([
      ['write', 'delete', '/'],
      ['read', 'select', undefined],
      ['write', 'transaction', undefined],
    ])
  })

  it('gives up on a frozen server, and works again when it is back', async () => {
    const app = build({ dsn: database.dsn, statementTimeout: 100, connectTimeout: 300 })
    await app.ready()
    database.server.kill('SIGSTOP')
    try {
      await expect(app.db.query(sql`select 1`)).rejects.toMatchObject({
        code: 'DATABASE_TIMEOUT',
        statusCode: 504,
      })
      await expect(app.db.query(sql`select 1`)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
    } finally {
      database.server.kill('SIGCONT')
    }
    expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
    expect(app.db.status.write.taken).toBe(0)
  })

  it('closes with the app though the server is frozen and a transaction waits for something that never comes', async () => {
    const app = build({ dsn: database.dsn, statementTimeout: 100, connectTimeout: 300 })
    await app.ready()
    let began: () => void = () => undefined
    const running = new Promise<void>((resolve) => (began = resolve))
    const waiting = app.db.tx(async (tx) => {
      await Promise.all([1, 2].map(() => app.db.query(sql`select pg_sleep(0.01)`)))
      await tx.query(sql`select 1`)
      began()
      await new Promise(() => undefined)
    })
    const ended = expect(waiting).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    await running
    database.server.kill('SIGSTOP')
    try {
      const started = performance.now()
      await app.close()
      expect(performance.now() - started).toBeLessThan(4_000)
      await ended
    } finally {
      database.server.kill('SIGCONT')
    }
    expect(app.db.status.write).toEqual({ taken: 0, waiting: 0, open: 0 })
    await expect(app.db.query(sql`select 1`)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
  })

  it('gives up on a connection string that is not given in time, and asks again', async () => {
    let source: () => string | Promise<string> = () => database.dsn
    const app = build({ dsn: () => source(), poolSize: 2, connectTimeout: 2_000 })
    await app.ready()
    source = () => new Promise(() => undefined)
    // One connection is there; for the other, the function is asked.
    const [first, second] = await Promise.allSettled([1, 2].map(() => app.db.query(sql`select 1`)))
    expect(first?.status).toBe('fulfilled')
    expect(second).toMatchObject({ reason: { code: 'DATABASE_UNAVAILABLE', statusCode: 503 } })
    expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0 })
    source = () => database.dsn
    expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
    const never = await bootError(build({ dsn: () => new Promise(() => undefined), connectTimeout: 50 }))
    expect(never.message).toContain('gave no answer in time')
  })

  it('survives a restart of the server', async () => {
    const app = build({ dsn: database.dsn })
    await app.ready()
    await database.server.restart()
    await app.db.query(sql`select 1`).catch(() => undefined)
    expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
    expect(app.db.status.write.taken).toBe(0)
  })

  it('M7: takes user and password from one string when they rotate, under load and without an error', async () => {
    await database.admin("create role app2 login password 'second'; grant select on things to app2")
    let current = database.dsn
    const app = build({ dsn: async () => current, poolSize: 2, poolWait: '10s' })
    await app.ready()
    const users = new Set<unknown>()
    const ask = async (): Promise<void> => {
      const rows = await Promise.all(
        Array.from({ length: 4 }, () =>
          app.db.query<{ me: string }>(sql`select current_user as me, pg_sleep(0.005)`),
        ),
      )
      for (const row of rows.flat()) users.add(row.me)
    }
    await ask()
    current = current.replace('app:app%20password', 'app2:second')
    await database.admin("alter role app password 'no more'")
    await ask()
    await database.admin("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'")
    await expect
      .poll(() =>
        ask().then(
          () => users.has('app2'),
          () => false,
        ),
      )
      .toBe(true)
    await database.admin("alter role app password 'app password'")
    current = 'nonsense'
    await database.admin("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app2'")
    await expect
      .poll(() =>
        app.db.query(sql`select 1`).then(
          () => '',
          (error: Error) => error.message,
        ),
      )
      .toBe('The database cannot be reached at the moment.')
  })
})

describe('read and write pools', () => {
  it('queries go to the one, everything else to the other', async () => {
    const app = build({ dsn: database.dsn, readDsn: database.dsnOf('reader') })
    await app.ready()
    const me = sql`select current_user as me`
    expect(await app.db.query(me)).toEqual([{ me: 'reader' }])
    expect((await app.db.exec(me)).rows).toEqual([{ me: 'app' }])
    expect(await app.db.tx((tx) => tx.query(me))).toEqual([{ me: 'app' }])
    expect(await app.db.tx((tx) => tx.query(me), { access: 'read' })).toEqual([{ me: 'reader' }])
  })

  it('does not boot in production when the reader may write', async () => {
    expect((await bootError(build({ dsn: database.dsn, readDsn: database.dsn }))).message).toContain(
      'may write',
    )
    await database.admin(`
      create view few as select * from things;
      create role author login password 'author password';
      create role editor login password 'editor password';
      grant select, insert on few to author;
      grant select, update (tag) on things to editor;
    `)
    for (const role of ['author', 'editor']) {
      const readDsn = database.dsn.replace('app:app', `${role}:${role}`)
      expect((await bootError(build({ dsn: database.dsn, readDsn }))).message).toContain('may write')
    }
  })
})

describe('at boot', () => {
  const secret = 'pa55word'
  it.each([
    ['not a url', 'no URL'],
    [`mysql://a:${secret}@127.0.0.1/db`, 'postgres://'],
    [`postgres://a:${secret}@127.0.0.1`, 'host, user and database'],
    [`postgres://a:${secret}@127.0.0.1/db?sslmode=maybe`, 'sslmode'],
    [`postgres://a:${secret}@127.0.0.1/db?host=elsewhere`, 'sslmode and application_name'],
    [`postgres://a:${secret}@127.0.0.1/db?sslmode=disable&sslmode=require`, 'once each'],
    [`postgres://a%00user%00postgres:${secret}@127.0.0.1/db`, 'control character'],
    [`postgres://a:${secret}@127.0.0.1/db%00user%00postgres`, 'control character'],
    [`postgres://a:${secret}@127.0.0.1/db?application_name=x%00user%00postgres`, 'control character'],
    [`postgres://a:${secret}@127.0.0.1/db#x`, '#'],
  ])('refuses %s', async (dsn, says) => {
    for (const source of [dsn, () => dsn]) {
      const error = await bootError(build({ dsn: source }))
      expect(error.code).toBe('PORTCULLIS_SAFE_DB_INVALID_DSN')
      expect(error.message).toContain(says)
      expect(`${error.message} ${error.stack}`).not.toContain(secret)
    }
  })

  it('refuses a superuser, for whom no policy holds', async () => {
    const error = await bootError(build({ dsn: database.server.url }))
    expect([error.code, error.message]).toEqual([
      'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION',
      expect.stringContaining('superuser'),
    ])
    const warned = build({ dsn: database.server.url }, 'test')
    await warned.after()
    const events = eventsOf(warned)
    await warned.ready()
    expect(events).toMatchObject([
      { type: 'config.unsafe', details: { message: expect.stringContaining('superuser') } },
    ])
  })

  it('refuses plaintext to another machine, and warns in development', async () => {
    const error = await bootError(build({ dsn: `postgres://a:${secret}@192.0.2.1/db`, connectTimeout: 50 }))
    expect([error.code, error.message]).toEqual([
      'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION',
      expect.stringContaining('in the clear'),
    ])
  })

  it('refuses a server without TLS unless plaintext is said, and sends it no password', async () => {
    for (const mode of ['', '?sslmode=require', '?sslmode=prefer']) {
      const error = await bootError(build({ dsn: `${database.dsn}${mode}`, tls: 'verify-full' }))
      expect([error.code, error.message]).toEqual([
        'PORTCULLIS_SAFE_DB_UNREACHABLE',
        expect.stringContaining('offers no TLS'),
      ])
    }
    const contradiction = await bootError(
      build({ dsn: `${database.dsn}?sslmode=disable`, tls: 'verify-full' }),
    )
    expect(contradiction.message).toContain("tls: 'disable'")
  })

  it('names host, port and reason when it cannot connect, and no credential', async () => {
    const wrong = await bootError(build({ dsn: database.dsn.replace('app%20password', secret) }))
    expect(wrong.message).toBe(
      `db.dsn: 127.0.0.1:${database.server.port} cannot be used: user or password is wrong (SQLSTATE 28P01).`,
    )
    const gone = await bootError(build({ dsn: `postgres://a:${secret}@127.0.0.1:1/db` }))
    expect(gone.message).toContain('127.0.0.1:1 cannot be used: ECONNREFUSED')
    const failing = await bootError(
      build({
        dsn: () => {
          throw new Error(secret)
        },
      }),
    )
    expect(failing.message).toContain('its function failed')
    for (const error of [wrong, gone, failing])
      expect(inspect(error, { showHidden: true })).not.toContain(secret)
  })

  it('lets no environment variable weaken or redirect it', async () => {
    const before = { ...process.env }
    Object.assign(process.env, {
      PGSSLMODE: 'disable',
      PGHOST: '192.0.2.1',
      PGUSER: 'postgres',
      PGOPTIONS: '-c role=postgres',
    })
    try {
      const error = await bootError(build({ dsn: database.dsn, tls: 'verify-full' }))
      expect(error.message).toContain('offers no TLS')
      const app = build({ dsn: database.dsn })
      await app.ready()
      expect(await app.db.query(sql`select current_user as me`)).toEqual([{ me: 'app' }])
    } finally {
      process.env = before
    }
  })
})

describe('M5: TLS', () => {
  let ca: string

  beforeAll(async () => {
    const certificate = await certificateFor('localhost')
    ca = certificate.cert
    await giveCertificate(database, certificate)
  })

  const toName = (): string => database.dsn.replace('127.0.0.1', 'localhost')

  it('connects to a server whose chain and name are right', async () => {
    for (const mode of ['', '?sslmode=require', '?sslmode=verify-full']) {
      const app = build({ dsn: `${toName()}${mode}`, tls: { ca } })
      await app.ready()
      expect(await app.db.query(sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`)).toEqual([
        { ssl: true },
      ])
    }
  })

  it('does not connect to one whose chain or name is wrong', async () => {
    const unknown = await bootError(build({ dsn: toName(), tls: 'verify-full' }))
    expect(unknown.message).toMatch(/cannot be used: (DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED)/)
    const otherName = await bootError(build({ dsn: database.dsn, tls: { ca } }))
    expect(otherName.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  it('checks it even where Node was told not to', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      const error = await bootError(build({ dsn: toName(), tls: 'verify-full' }))
      expect(error.code).toBe('PORTCULLIS_SAFE_DB_UNREACHABLE')
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
    }
  })
})
