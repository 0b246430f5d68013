import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import auditLogger from '@portcullis/audit-logger'
import type { SecurityEvent } from '@portcullis/kernel'
import { columnsOf, sql } from '@portcullis/safe-db'
import type { FastifyRequest } from 'fastify'
import * as v from 'valibot'
import { afterAll, describe, expect, it } from 'vitest'
import { accept, verdictOf } from './acceptance.ts'
import { useAccounts } from './accounts-database.ts'
import { describeQuery, interpolate, quoteByBlacklist } from './flawed/interpolate-sql.ts'

const database = useAccounts()
const nameOf = (request: FastifyRequest): string => (request.query as { name?: string }).name ?? 'ada'
const honest = { method: 'GET', url: '/' } as const
const INJECTION = "x' or '1'='1"

describe('F2: parameterized queries only', () => {
  accept('a value is bound, whatever it says', {
    build: database.appWith((app, withGate) => {
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
    expect((await database.plain.query(interpolate(INJECTION))).rows).toEqual([{ n: 2 }])
  })
})

describe('F3: interpolated SQL is refused', () => {
  accept('a string is UNSAFE_SQL, however it was made', {
    build: database.appWith((app) => {
      app.get('/', () => 'ok')
      app.get('/text', (request) => request.db.query(interpolate(nameOf(request)) as never))
    }),
    honest,
    async assert(app) {
      expect(verdictOf(await app.inject('/text'))).toEqual([500, 'UNSAFE_SQL'])
    },
  })

  it('the error tells where the string was given, and the client is not told', async () => {
    const errors: Error[] = []
    const app = database.appWith((site) => {
      site.addHook('onError', async (_request, _reply, error) => void errors.push(error))
      site.get('/', (request) => request.db.query(interpolate('ada') as never))
    })(true)
    const { body } = await app.inject('/')
    expect(errors).toMatchObject([
      { callSite: expect.stringMatching(/safe-db\.test\.ts:\d+:\d+$/) as unknown },
    ])
    expect(body).not.toContain('safe-db.test')
    await app.close()
  })
})

describe('F61: the database knows the current user, in the same transaction', () => {
  accept('each sees what is theirs, and nobody nothing', {
    build: database.appWith((app, withGate) => {
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
    await expect(database.plain.query('set local app.current_user_id = $1', ['ada'])).rejects.toMatchObject({
      code: '42601',
    })
    await database.plain.query("set local app.current_user_id = 'ada'")
    expect(
      (await database.plain.query("select nullif(current_setting('app.current_user_id', true), '') as who"))
        .rows,
    ).toEqual([{ who: null }])
  })
})

describe('M9: identifiers come from a list', () => {
  const hostile = ['owner\n', 'owner--', 'owner`', 'o'.repeat(5_000), 'owner\u0000']
  accept('a column that is not in the list is refused', {
    build: database.appWith((app, withGate) => {
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
  it('the list may be the catalog’s, and an order be what a user sends', async () => {
    const app = database.appWith((site) => {
      site.get('/', async (request) => {
        const { sort = 'owner' } = request.query as { sort?: string }
        const columns = await columnsOf(request.db, 'accounts')
        const orders = Object.fromEntries(columns.map((name) => [name, sql.id(name, columns)]))
        return request.db.query(sql`select owner from accounts ${sql.orderBy(sort, orders)}`)
      })
    })(true)
    const ascending: unknown[] = (await app.inject('/')).json()
    expect((await app.inject('/?sort=-owner')).json()).toEqual(ascending.toReversed())
    for (const sort of hostile) {
      expect(verdictOf(await app.inject({ url: '/', query: { sort } }))).toEqual([400, 'UNSAFE_IDENTIFIER'])
    }
    await app.close()
  })
  it('the flawed pattern: a list of bad characters lets all of these pass', () => {
    for (const name of hostile) expect(quoteByBlacklist(name)).toBe(`"${name}"`)
  })
})

describe('M9: rows have the type that their schema gives, and are checked', () => {
  it('a row that is something else is refused without its value', async () => {
    const app = database.appWith(() => undefined)(true)
    await app.ready()
    const Account = v.object({ owner: v.picklist(['ada', 'bob']) })
    const { owner } = await app.db.one(sql.type(Account)`select owner from accounts where owner = ${'ada'}`)
    expect(owner satisfies 'ada' | 'bob').toBe('ada')
    const Stranger = v.object({ owner: v.literal('nobody') })
    const error: unknown = await app.db
      .query(sql.type(Stranger)`select owner from accounts`)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'DATABASE_ROW_INVALID' })
    expect((error as Error).message).not.toMatch(/ada|bob/)
    await app.close()
  })
})

describe('M10: named parameters', () => {
  it('are bound by name, all of them and no other', async () => {
    const app = database.appWith(() => undefined)(true)
    await app.ready()
    const find = sql.named`select owner from accounts where owner = :user_id and tenant <> :tenant and owner = :user_id`
    expect(await app.db.query(find({ user_id: 'ada', tenant: 'blue' }))).toEqual([{ owner: 'ada' }])
    expect(await app.db.query(find({ user_id: INJECTION, tenant: INJECTION }))).toEqual([])
    expect(() => find({ user_id: 'ada' })).toThrow(expect.objectContaining({ code: 'INVALID_SQL_VALUE' }))
    await app.close()
  })
})

describe('M16: a statement that safe-db ran', () => {
  const directory = mkdtempSync(join(tmpdir(), 'audit-statements-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const tail = ' and amount > 0'.repeat(200)

  accept('is on record by the hash of all of it, with kinds and sizes of its parameters and no value', {
    build: database.appWith((app, withGate) => {
      const { privateKey: signingKey } = generateKeyPairSync('ed25519')
      const subjectSecret = 'a secret of at least thirty-two characters'
      if (withGate) void app.register(auditLogger, { directory, signingKey, subjectSecret })
      app.get('/', (request) => {
        const name = nameOf(request)
        if (!withGate) return request.db.query(interpolate(name) as never)
        const more = name === 'ada' ? sql`` : sql` and amount > 0`
        return request.db.query(
          sql`select amount from accounts where owner = ${name} and amount < ${100}${sql.join(
            Array.from({ length: 200 }, () => more),
            sql``,
          )}`,
        )
      })
    }),
    honest,
    async assert(app) {
      const records = []
      for (const name of ['ada', 'a secret']) {
        const answer = await app.inject({ url: '/', query: { name } })
        expect(app.hasDecorator('audit')).toBe(true)
        const timeline = await app.audit.timeline(String(answer.headers['x-request-id']))
        records.push(...timeline.filter(({ type }) => type === 'db.query').map(({ details }) => details))
      }
      const text = 'select amount from accounts where owner = $1 and amount < $2'
      const sha256 = (of: string): string => createHash('sha256').update(of).digest('hex')
      expect(records).toMatchObject([
        { kind: 'select', sha256: sha256(text), parameters: ['text(3)', 'text(3)'] },
        { kind: 'select', sha256: sha256(`${text}${tail}`), parameters: ['text(8)', 'text(3)'] },
      ])
      expect(readFileSync(join(directory, 'audit.jsonl'), 'utf8')).not.toMatch(/a secret|accounts/)
    },
  })
})

describe('M16, M17: queries and their timings are told without values', () => {
  it('M17: one event for each statement, reads and writes, with fingerprint and duration', async () => {
    const app = database.appWith(() => undefined)(true)
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
