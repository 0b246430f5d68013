import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { startPostgres } from '@portcullis/kernel/testing'
import type { PostgresServer } from '@portcullis/kernel/testing'
import safeDb, { checkDsn, redactDsn, sql } from '@portcullis/safe-db'
import type { SafeDbOptions } from '@portcullis/safe-db'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accept, acceptRefusalToBoot, verdictOf } from './acceptance.ts'
import { describeQuery, interpolate, quoteByBlacklist, redactAtLastAt } from './flawed/interpolate-sql.ts'

const SCHEMA = `
  create role app login password 'app';
  create table accounts (owner text, tenant text, amount int);
  insert into accounts values ('ada', 'red', 1), ('bob', 'blue', 2);
  create table notes (owner text, body text);
  insert into notes values ('ada', 'hers'), ('bob', 'his');
  alter table notes enable row level security;
  alter table notes force row level security;
  create policy own on notes using (owner = nullif(current_setting('app.current_user_id', true), ''));
  grant select, insert, update, delete on accounts, notes to app;
`

let server: PostgresServer
let plain: pg.Pool

beforeAll(async () => {
  server = await startPostgres()
  const owner = new pg.Client({ connectionString: server.url })
  await owner.connect()
  await owner.query(SCHEMA)
  await owner.end()
  plain = new pg.Pool({ connectionString: dsn(), max: 1 })
  // Its end does not wait for its connections, so the server may be the first to close one.
  plain.on('error', () => undefined)
})
afterAll(async () => {
  await plain.end()
  await server.stop()
})

const dsn = (): string => `postgres://app:app@${server.host}:${server.port}/postgres`
const nameOf = (request: FastifyRequest): string => (request.query as { name?: string }).name ?? 'ada'

/** What an app does that has the driver alone. */
interface Unguarded {
  readonly db: { query(statement: unknown): Promise<unknown> }
}

/** Routes of an app, on safe-db or, without the gate, on the driver with statements as text. */
function appWith(
  declare: (app: FastifyInstance, withGate: boolean) => void,
  options: Partial<SafeDbOptions> = {},
): (withGate: boolean) => FastifyInstance {
  return (withGate) => {
    const app = Fastify()
    void app.register(kernel, {
      environment: 'production',
      identify: ({ headers }) => (typeof headers['x-user'] === 'string' ? { id: headers['x-user'] } : null),
    })
    if (withGate) void app.register(safeDb, { dsn, tls: 'disable', ...options })
    else {
      app.decorateRequest(
        'db' as never,
        {
          getter: (): Unguarded['db'] => ({
            query: async (statement) => (await plain.query(String(statement))).rows,
          }),
        } as never,
      )
    }
    declare(app, withGate)
    return app
  }
}

const honest = { method: 'GET', url: '/' } as const
const INJECTION = "x' or '1'='1"

describe('F2: parameterized queries only', () => {
  accept('a value is bound, whatever it says', {
    build: appWith((app, withGate) => {
      app.get('/', async (request) => {
        const name = nameOf(request)
        const statement = withGate
          ? sql`select count(*)::int as n from accounts where owner = ${name}`
          : (interpolate(name) as never)
        const [row] = await request.db.query(statement)
        return row
      })
    }),
    honest,
    async assert(app) {
      expect((await app.inject({ url: '/', query: { name: INJECTION } })).json()).toEqual({ n: 0 })
      expect((await app.inject('/?name=ada')).json()).toEqual({ n: 1 })
    },
  })

  it('the flawed pattern: text with the value in it finds everything', async () => {
    expect((await plain.query(interpolate(INJECTION))).rows).toEqual([{ n: 2 }])
  })
})

describe('F3: interpolated SQL is refused', () => {
  accept('a string is UNSAFE_SQL, however it was made', {
    build: appWith((app) => {
      app.get('/', () => 'ok')
      app.get('/text', (request) => request.db.query(interpolate(nameOf(request)) as never))
    }),
    honest,
    async assert(app) {
      expect(verdictOf(await app.inject('/text'))).toEqual([500, 'UNSAFE_SQL'])
    },
  })
})

describe('F61: the database knows the current user, in the same transaction', () => {
  accept('each sees what is theirs, and nobody nothing', {
    build: appWith((app, withGate) => {
      app.get('/', (request) =>
        request.db.query(withGate ? sql`select body from notes` : ('select body from notes' as never)),
      )
    }),
    honest,
    async assert(app) {
      const seen = async (user?: string): Promise<unknown> =>
        (await app.inject({ url: '/', headers: user === undefined ? {} : { 'x-user': user } })).json()
      expect(await seen('ada')).toEqual([{ body: 'hers' }])
      expect(await seen('bob')).toEqual([{ body: 'his' }])
      expect(await seen()).toEqual([])
    },
  })

  it('the flawed pattern: SET LOCAL takes no parameter, and outside of a transaction sets nothing', async () => {
    await expect(plain.query('set local app.current_user_id = $1', ['ada'])).rejects.toMatchObject({
      code: '42601',
    })
    await plain.query("set local app.current_user_id = 'ada'")
    expect(
      (await plain.query("select nullif(current_setting('app.current_user_id', true), '') as who")).rows,
    ).toEqual([{ who: null }])
  })
})

describe('M1: connection strings come from outside the code', () => {
  it('a function gives it when it is needed, and no error, event or dump shows it', async () => {
    const app = appWith((one) => one.get('/', (request) => request.db.query(sql`select 1 as one`)))(true)
    await app.ready()
    expect((await app.inject('/')).json()).toEqual([{ one: 1 }])
    expect(JSON.stringify(app.db)).not.toContain('app:app')
    await app.close()
  })

  it('one with a secret is in no log, error, event or dump, however deep, also when the database is away', async () => {
    const password = `s3cr3t-${randomUUID()}`
    const name = `keeper_${randomUUID().slice(0, 8)}`
    const owner = new pg.Client({ connectionString: server.url })
    await owner.connect()
    await owner.query(`create role ${name} login password '${password}'`)
    process.env['DATABASE_URL'] = dsn().replace('app:app', `${name}:${password}`)
    const told: string[] = []
    const app = Fastify({ logger: { level: 'trace', stream: { write: (line) => void told.push(line) } } })
    void app.register(kernel, { environment: 'production' })
    void app.register(safeDb, { dsn: () => process.env['DATABASE_URL'] ?? '', tls: 'disable' })
    app.get('/', (request) => request.db.query(sql`select 1 as one`))
    await app.after()
    app.securityEvents.subscribe((event) => void told.push(inspect(event, { depth: 9 })))
    await app.ready()
    expect((await app.inject('/')).json()).toEqual([{ one: 1 }])
    // From here on, the string is wrong, is none, and then nobody is there.
    await owner.query(`alter role ${name} nologin`)
    await owner.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${name}'`)
    await owner.end()
    for (const wrong of [
      '',
      `postgres://${name}:${password}@`,
      `postgres://${name}:${password}@127.0.0.1:1/db`,
    ]) {
      if (wrong !== '') process.env['DATABASE_URL'] = wrong
      const error: unknown = await app.db.query(sql`select 1`).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ statusCode: 503 })
      const answer = await app.inject('/')
      told.push(answer.body, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error))
    }
    told.push(inspect(app, { depth: 12, showHidden: true, maxArrayLength: null }), inspect(app.db))
    expect(told.length).toBeGreaterThan(12)
    for (const text of told) expect(text.includes(password)).toBe(false)
    delete process.env['DATABASE_URL']
    await app.close()
  })
})

describe('M5: TLS that verifies the server', () => {
  acceptRefusalToBoot(
    'a server without TLS is not talked to, whatever sslmode asks for',
    appWith(() => undefined, { dsn: () => `${dsn()}?sslmode=require`, tls: 'verify-full' }),
    'offers no TLS',
  )
  it('connection strings of other databases are judged too', () => {
    expect(checkDsn('mysql://db/shop?ssl=true').transport).toBe('encrypted')
    expect(checkDsn('Server=db;Encrypt=yes').transport).toBe('verified')
    expect(checkDsn('postgres://db/shop?sslmode=require').transport).toBe('encrypted')
  })
})

describe('M6: a connection string can be logged without its secrets', () => {
  const hidden = ['postgres://db/shop?password=hidden', 'postgres://db/shop?sslmode=require&sslkey=/hidden']
  it('redactDsn shows none, wherever it stands', () => {
    for (const one of hidden) expect(redactDsn(one)).toMatch(/^postgres:\/\/db\/shop/)
    for (const one of [...hidden, 'postgres://app:hid@hidden@db/shop'])
      expect(redactDsn(one)).not.toContain('hidden')
  })
  it('the flawed pattern: what stands behind the last @ still has some', () => {
    for (const one of hidden) expect(redactAtLastAt(one)).toContain('hidden')
  })
})

describe('M7: credentials rotate without a restart', () => {
  it('under load, from one user to the next and with all the bursts, without one error', async () => {
    const owner = new pg.Client({ connectionString: server.url })
    await owner.connect()
    await owner.query("create role blue login password 'blue'; create role green login password 'green'")
    let secret = dsn().replace('app:app', 'blue:blue')
    const app = appWith(() => undefined, {
      dsn: async () => secret,
      poolSize: 6,
      poolWait: '10s',
      maxWaiting: 1_000,
    })(true)
    await app.ready()
    const users = new Map<string, number>()
    const burst = async (): Promise<void> => {
      const asked = Array.from({ length: 12 }, () =>
        app.db.one<{ me: string }>(sql`select current_user as me, pg_sleep(0.002)`),
      )
      for (const { me } of await Promise.all(asked)) users.set(me, (users.get(me) ?? 0) + 1)
    }
    for (const [next, last] of [
      ['green', 'blue'],
      ['blue', 'green'],
      ['green', 'blue'],
    ] as const) {
      await app.db.query(sql`select 1`)
      secret = dsn().replace('app:app', `${next}:${next}`)
      await owner.query(`alter role ${next} login`)
      // The last user can make no connection any more; what it has open goes on.
      await owner.query(`alter role ${last} nologin`)
      await burst()
      const before = users.get(next) ?? 0
      while ((users.get(next) ?? 0) === before) {
        // A connection whose session was changed is closed, so that a new one is needed.
        await Promise.all([burst(), app.db.query(sql`select set_config('app.some', 'thing', false)`)])
      }
    }
    expect([...users.keys()].toSorted()).toEqual(['blue', 'green'])
    await owner.end()
    await app.close()
  })
})

describe('M8: separate pools for reading and writing', () => {
  accept('what reads cannot write', {
    build: appWith((app, withGate) => {
      app.get('/', () => 'ok')
      const text = "insert into accounts values ('eve', 'red', 9)"
      app.get('/write', (request) =>
        request.db.query(withGate ? sql`insert into accounts values ('eve', 'red', 9)` : (text as never)),
      )
    }),
    honest,
    async assert(app) {
      expect(verdictOf(await app.inject('/write'))).toEqual([403, 'DATABASE_READ_ONLY'])
    },
  })
  acceptRefusalToBoot(
    'a reader that may write is found at boot',
    appWith(() => undefined, { readDsn: () => dsn() }),
    'db.readDsn: its role may write',
  )
})

describe('M9: identifiers come from a list', () => {
  const hostile = ['owner\n', 'owner--', 'owner`', 'o'.repeat(5_000), 'owner\u0000']
  accept('a column that is not in the list is refused', {
    build: appWith((app, withGate) => {
      app.get('/', async (request) => {
        const { by = 'owner' } = request.query as { by?: string }
        if (!withGate) return { column: quoteByBlacklist(by) }
        return request.db.query(sql`select owner from accounts order by ${sql.id(by, ['owner', 'amount'])}`)
      })
    }),
    honest,
    async assert(app) {
      for (const by of [...hostile, 'tenant', 'owner" desc']) {
        expect(verdictOf(await app.inject({ url: '/', query: { by } }))).toEqual([400, 'UNSAFE_IDENTIFIER'])
      }
      expect((await app.inject('/?by=amount')).statusCode).toBe(200)
    },
  })
  it('the flawed pattern: a list of bad characters lets all of these pass', () => {
    for (const name of hostile) expect(quoteByBlacklist(name)).toBe(`"${name}"`)
  })
})

describe('M10: named parameters', () => {
  it('are bound by name, all of them and no other', async () => {
    const app = appWith(() => undefined)(true)
    await app.ready()
    const find = sql.named`select owner from accounts where owner = :user_id and tenant <> :tenant and owner = :user_id`
    expect(await app.db.query(find({ user_id: 'ada', tenant: 'blue' }))).toEqual([{ owner: 'ada' }])
    expect(await app.db.query(find({ user_id: INJECTION, tenant: INJECTION }))).toEqual([])
    expect(() => find({ user_id: 'ada' })).toThrow(expect.objectContaining({ code: 'INVALID_SQL_VALUE' }))
    await app.close()
  })
})

describe('M15: database work is limited without blocking the process', () => {
  accept('who waits too long is told when to come again, while everybody else is served', {
    build: appWith(
      (app, withGate) => {
        app.get('/', () => 'ok')
        app.get('/slow', (request) =>
          request.db.query(withGate ? sql`select pg_sleep(0.2)` : ('select pg_sleep(0.2)' as never)),
        )
      },
      { poolSize: 1, poolWait: 30, maxWaiting: 1 },
    ),
    honest,
    async assert(app) {
      const slow = Promise.all([1, 2, 3].map(() => app.inject('/slow')))
      const started = performance.now()
      expect((await app.inject('/')).statusCode).toBe(200)
      expect(performance.now() - started).toBeLessThan(150)
      const refused = (await slow).filter(({ statusCode }) => statusCode !== 200)
      expect(refused.map(verdictOf)).toEqual([
        [503, 'DATABASE_BUSY'],
        [503, 'DATABASE_BUSY'],
      ])
      for (const { headers } of refused) expect(headers['retry-after']).toBe('1')
    },
  })
})

describe('M15: each user has a number of database operations', () => {
  const quotas = { read: 10, write: 2 }
  accept('who has used it up is told when to come again, and nobody else', {
    build(withGate) {
      let app: FastifyInstance | undefined
      const limit: SafeDbOptions['limit'] = async ({ access, request }) =>
        (app as FastifyInstance).userRateLimit.consume({
          policy: { name: `database ${access}`, quota: quotas[access], window: '1m' },
          identity: ['user', request?.principal.id ?? ''],
        })
      app = appWith(
        (one, gated) => {
          void one.register(userRateLimit)
          one.get('/', () => 'ok')
          one.get('/read', (request) =>
            request.db.query(gated ? sql`select 1 as one` : ('select 1 as one' as never)),
          )
          one.get('/write', (request) =>
            gated
              ? request.db.tx((tx) => tx.exec(sql`update accounts set amount = amount`))
              : request.db.query('update accounts set amount = amount' as never),
          )
        },
        { limit, poolSize: 2 },
      )(withGate)
      return app
    },
    honest,
    async assert(app) {
      const get = (url: string, user: string) => app.inject({ url, headers: { 'x-user': user } })
      const answers = await Promise.all(Array.from({ length: 30 }, () => get('/read', 'ada')))
      const refused = answers.filter(({ statusCode }) => statusCode === 429)
      expect([answers.length - refused.length, refused.length]).toEqual([10, 20])
      for (const answer of refused) {
        expect(verdictOf(answer)).toEqual([429, 'DATABASE_LIMIT_EXCEEDED'])
        const seconds = Number(answer.headers['retry-after'])
        // A sliding window may take longer than one window to be empty.
        expect([seconds, seconds >= 1 && seconds <= 120]).toEqual([seconds, true])
      }
      expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0 })
      expect((await get('/read', 'bob')).statusCode).toBe(200)
      const writes = []
      for (let count = 0; count < 3; count++) writes.push((await get('/write', 'ada')).statusCode)
      expect(writes).toEqual([200, 200, 429])
    },
  })
})

describe('M16, M17: queries and their timings are told without values', () => {
  it('M17: one event for each statement, reads and writes, with fingerprint and duration', async () => {
    const app = appWith(() => undefined)(true)
    await app.ready()
    const events: SecurityEvent[] = []
    app.securityEvents.subscribe((event) => void events.push(event))
    const find = (name: string) => sql`select owner from accounts where owner = ${name}`
    await app.db.query(find('a secret'))
    await app.db.query(find('another'))
    await app.db.exec(sql`update accounts set amount = ${7} where owner = ${'a secret'}`)
    const details = events.map(
      (event) => event.details as { fingerprint: string; durationMs: number; kind: string },
    )
    expect(details.map(({ kind }) => kind)).toEqual(['select', 'select', 'update'])
    expect(details[0]?.fingerprint).toBe(details[1]?.fingerprint)
    expect(details[0]?.fingerprint).not.toBe(details[2]?.fingerprint)
    for (const { durationMs } of details) expect(durationMs).toBeGreaterThan(0)
    expect(JSON.stringify(events)).not.toMatch(/secret|another|accounts/)
    await app.close()
  })
  it('M17: the flawed pattern: values written into the text are logged, and a cut hides the tail', () => {
    const logged = describeQuery(`select ${'x, '.repeat(200)} 1 where owner = $1`, ['a secret'])
    expect(describeQuery('select 1 where owner = $1', ['a secret'])).toContain('a secret')
    expect(logged).not.toContain('where')
  })
})
