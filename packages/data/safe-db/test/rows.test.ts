import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import * as v from 'valibot'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { columnsOf, sql } from '../src/index.ts'
import type { StandardSchema } from '../src/index.ts'
import { appWith, collect, eventsOf, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
let app: FastifyInstance

beforeAll(async () => {
  database = await startDatabase()
  app = appWith({ dsn: database.dsn, maxRows: 50 })
  await app.ready()
})
beforeEach(() => database.admin('truncate things'))
afterAll(async () => {
  await app.close()
  await database.server.stop()
})

const numbers = (count: number) => sql`select generate_series(1, ${count}::int) as n`

describe('rows that a schema checks', () => {
  const Thing = v.pipe(
    v.object({ id: v.number(), tag: v.nullable(v.string()) }),
    v.transform(({ id, tag }) => ({ id, name: tag ?? 'nameless' })),
  )
  const things = sql.type(Thing)`select id, tag from things order by id`

  it('are what it makes of them, in every way to run a statement', async () => {
    const { rows } = await app.db.exec(
      sql.type(Thing)`insert into things (id, tag) values (1, 'a'), (2, null) returning id, tag`,
    )
    const both = [
      { id: 1, name: 'a' },
      { id: 2, name: 'nameless' },
    ]
    expect(rows).toEqual(both)
    expect(await app.db.query(things)).toEqual(both)
    expect(await app.db.many(things)).toEqual(both)
    const first = sql.type(Thing)`select id, tag from things where id = ${1}`
    expect(await app.db.one(first)).toEqual(both[0])
    expect(await app.db.maybeOne(first)).toEqual(both[0])
    expect(await app.db.maybeOne(sql.type(Thing)`select id, tag from things where false`)).toBeUndefined()
    expect(await app.db.tx((tx) => tx.query(things))).toEqual(both)
    expect(await collect(app.db.stream(things, { batchSize: 1 }))).toEqual(both)
    // As a part of another statement it is text: the schema is of the whole one.
    expect(await app.db.one(sql`select id from (${things}) as t where id = ${2}`)).toEqual({ id: 2 })
  })

  it('may be checked by a schema that takes its time, and become something that is no object', async () => {
    const Count = v.pipeAsync(
      v.object({ n: v.string() }),
      v.transformAsync(async ({ n }) => Number(n)),
    )
    expect(await app.db.one(sql.type(Count)`select count(*) as n from things`)).toBe(0)
    const Nothing = v.pipe(
      v.object({}),
      v.transform(() => undefined),
    )
    expect(await app.db.one(sql.type(Nothing)`select 1 as one`)).toBeUndefined()
  })

  it('are refused with the column and without a value where they are something else', async () => {
    await app.db.exec(sql`insert into things (id, tag) values (1, 'secret tag')`)
    const cases: [StandardSchema, string][] = [
      [v.object({ id: v.number(), tag: v.picklist(['other']) }), 'tag'],
      [v.object({ id: v.number(), missing: v.string() }), 'the row'],
      [v.strictObject({ id: v.number() }), 'tag'],
      [v.object({ data: v.record(v.string(), v.never()) }), 'the row'],
    ]
    for (const [schema, column] of cases) {
      const error: unknown = await app.db
        .query(sql.type(schema)`select id, tag from things`)
        .catch((e: unknown) => e)
      expect(error).toMatchObject({ code: 'DATABASE_ROW_INVALID', statusCode: 500 })
      expect((error as Error).message).toBe(
        `The database gave something else than its schema says: ${column}.`,
      )
      expect((error as Error).cause).toBeUndefined()
    }
    // In a transaction it is an error like any other: nothing stays.
    const Never = v.object({ id: v.never() })
    const undone = app.db.tx(async (tx) =>
      tx.exec(sql.type(Never)`insert into things (id) values (2) returning id`),
    )
    await expect(undone).rejects.toMatchObject({ code: 'DATABASE_ROW_INVALID' })
    expect(await app.db.query(sql`select id from things`)).toEqual([{ id: 1 }])
  })

  it('need a schema of the standard', () => {
    const none: unknown[] = [undefined, null, {}, { '~standard': {} }, { parse: () => 1 }, () => 1, 'object']
    none.push({ '~standard': { version: 2, validate: () => ({ value: 1 }) } })
    for (const schema of none) {
      expect(() => sql.type(schema as never)).toThrow(expect.objectContaining({ code: 'UNSAFE_SQL' }))
    }
    expect(() => (sql.type(Thing) as unknown as (text: string) => unknown)('select 1')).toThrow(
      expect.objectContaining({ code: 'UNSAFE_SQL' }),
    )
  })
})

describe('a limit of rows', () => {
  it('gives as many as it says, and of more none', async () => {
    const events = eventsOf(app)
    expect(await app.db.query(numbers(50))).toHaveLength(50)
    for (const run of [
      () => app.db.query(numbers(51)),
      () => app.db.many(numbers(1e9)),
      () => app.db.maybeOne(numbers(51)),
      () => app.db.tx((tx) => tx.query(numbers(51))),
    ]) {
      await expect(run()).rejects.toMatchObject({ code: 'DATABASE_ROW_LIMIT_EXCEEDED', statusCode: 500 })
    }
    expect(events.map(({ outcome }) => outcome)).toEqual([
      'succeeded',
      'failed',
      'failed',
      'failed',
      'failed',
    ])
    expect(app.db.status.write.taken).toBe(0)
  })

  it('is not of what exec changed', async () => {
    const { rows, rowCount } = await app.db.exec(
      sql`insert into things (id) select n from generate_series(1, 80) as n returning id`,
    )
    expect([rows.length, rowCount]).toEqual([80, 80])
  })

  it('belongs to a route where it says so', async () => {
    const other = appWith({ dsn: database.dsn, maxRows: 5 })
    const read = (request: { db: FastifyInstance['db'] }) => request.db.query(numbers(6))
    other.get('/default', read as never)
    other.get('/more', { config: { db: { maxRows: 6 } } }, read as never)
    other.get('/all', { config: { db: { maxRows: false } } }, read as never)
    const statuses = await Promise.all(
      ['/default', '/more', '/all'].map(async (url) => (await other.inject(url)).statusCode),
    )
    expect(statuses).toEqual([500, 200, 200])
    await other.close()
    for (const maxRows of [0, -1, 1.5, NaN, '5', true, null]) {
      const bad = appWith({ dsn: database.dsn, maxRows: maxRows as never })
      await expect(bad.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_KERNEL_INVALID_OPTIONS' })
    }
  })
})

describe('where a string was given instead of a query', () => {
  it('the error tells file and line, and the answer does not', async () => {
    const events = eventsOf(app)
    const text = 'select 1' as never
    const runs = [
      () => app.db.query(text),
      () => app.db.many(text),
      () => app.db.one(text),
      () => app.db.maybeOne(text),
      () => app.db.exec(text),
      () => app.db.stream(text).next(),
      () => app.db.tx((tx) => tx.query(text)),
    ]
    for (const run of runs) {
      await expect(run()).rejects.toMatchObject({
        code: 'UNSAFE_SQL',
        callSite: expect.stringMatching(/rows\.test\.ts:\d+:\d+$/) as unknown,
      })
    }
    expect(events.map(({ outcome }) => outcome)).toEqual(runs.map(() => 'refused'))

    const site = appWith({ dsn: database.dsn })
    site.get('/', (request) => request.db.query(text))
    const answer = await site.inject('/')
    expect(answer.json()).toEqual({
      statusCode: 500,
      code: 'UNSAFE_SQL',
      error: 'Internal Server Error',
      message: 'This is no statement that is run: got a string, takes sql`…`.',
    })
    await site.close()
  })
})

describe('columns of the catalog', () => {
  it('are those that the role may read', async () => {
    expect(await columnsOf(app.db, 'things')).toEqual(['id', 'tag', 'amount', 'data', 'words'])
    expect(await columnsOf(app.db, 'public.things')).toHaveLength(5)
    await database.admin(`
      create table "Half" (shown int, hidden int, gone int);
      alter table "Half" drop column gone;
      grant select (shown) on "Half" to app;
      create table secret (id int);
    `)
    const columns = await columnsOf(app.db, '"Half"')
    expect(columns).toEqual(['shown'])
    expect(() => sql.id('hidden', columns)).toThrow(expect.objectContaining({ code: 'UNSAFE_IDENTIFIER' }))
    expect(Object.isFrozen(columns)).toBe(true)
    for (const table of ['nowhere', 'secret', "things'; drop table things"]) {
      await expect(columnsOf(app.db, table)).rejects.toMatchObject({ statusCode: 400 })
    }
  })
})

describe('a stream', () => {
  it('as a reply is sent while it is read', async () => {
    const site = appWith({ dsn: database.dsn })
    site.get('/', (request) =>
      Readable.from(
        (async function* () {
          for await (const { n } of request.db.stream<{ n: number }>(numbers(1_000))) yield `${n}\n`
        })(),
      ),
    )
    const { body } = await site.inject('/')
    expect(body.split('\n')).toHaveLength(1_001)
    expect(site.db.status.write).toMatchObject({ taken: 0 })
    await site.close()
  })

  it('of Node gives its connection back when it is destroyed', async () => {
    const readable = Readable.from(app.db.stream(numbers(1e6)))
    await once(readable, 'readable')
    expect(app.db.status.write.taken).toBe(1)
    readable.destroy()
    await once(readable, 'close')
    await expect.poll(() => app.db.status.write.taken).toBe(0)
  })
})
