import { tracingChannel } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { QUERY_CHANNEL, sql } from '../src/index.ts'
import type { QueryReport, QueryTrace, SafeDbOptions } from '../src/index.ts'
import { appWith, eventsOf, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
let app: FastifyInstance
let reports: QueryReport[] = []
const VALUE = 'a value that nobody is told'

const build = (options: Partial<SafeDbOptions> = {}): FastifyInstance =>
  appWith({ dsn: database.dsn, poolSize: 2, onQuery: (report) => void reports.push(report), ...options })
const add = (id: number) => sql`insert into things (id, tag) values (${id}, ${`${VALUE} ${id}`})`
const ids = async (): Promise<unknown[]> =>
  (await database.admin('select id from things order by id')).map(({ id }) => id)

beforeAll(async () => {
  database = await startDatabase()
})
beforeEach(async () => {
  await database.admin('truncate things')
  reports = []
  app = build()
})
afterEach(() => app.close())
afterAll(() => database.server.stop())

describe('onQuery', () => {
  it('is told of reads, writes, failures and refusals, with text, times and codes, and no value', async () => {
    app.get('/', async (request) => {
      await request.db.query(sql`select id from things where tag = ${VALUE}`)
      await request.db.exec(add(1))
      await request.db.exec(add(1)).catch(() => undefined)
      await request.db.query(`select '${VALUE}'` as never).catch(() => undefined)
      await request.db.tx((tx) => tx.exec(add(2)))
    })
    const events = (await app.ready(), eventsOf(app, true))
    const { headers } = await app.inject({ url: '/', headers: { 'x-tenant': 'red' } })
    const [read, written, failed, refused, inside, commit] = reports
    expect(read).toMatchObject({
      outcome: 'succeeded',
      text: 'select id from things where tag = $1',
      kind: 'select',
      access: 'read',
      parameters: [`text(${VALUE.length})`],
      rows: 0,
      attempt: 1,
      requestId: headers['x-request-id'],
    })
    expect(read?.durationMs).toBeGreaterThan(0)
    expect(read?.waitMs).toBeGreaterThanOrEqual(0)
    expect(read?.context).toMatch(/^[0-9a-f]{16}$/)
    expect(written).toMatchObject({ outcome: 'succeeded', access: 'write', rows: 1, transaction: undefined })
    expect(failed).toMatchObject({ outcome: 'failed', code: 'UNIQUE_VIOLATION', sqlState: '23505' })
    expect(refused).toMatchObject({ outcome: 'refused', code: 'UNSAFE_SQL' })
    expect(refused).not.toHaveProperty('text')
    expect(inside?.transaction).toMatch(/^[0-9a-f-]{36}$/)
    expect(commit).toMatchObject({ kind: 'commit', outcome: 'succeeded', transaction: inside?.transaction })
    expect(reports).toHaveLength(6)
    expect(events.map(({ outcome }) => outcome)).toEqual(reports.map(({ outcome }) => outcome))
    expect(JSON.stringify([reports, events])).not.toContain(VALUE)
    expect(JSON.stringify(reports)).not.toContain('red')
  })

  it('knows equal contexts again, and different ones apart', async () => {
    app.get('/', (request) => request.db.query(sql`select 1 as one`))
    for (const tenant of ['red', 'blue', 'red'])
      await app.inject({ url: '/', headers: { 'x-tenant': tenant } })
    const [first, second, third] = reports.map(({ context }) => context)
    expect([first === third, first === second]).toEqual([true, false])
  })

  it('may throw: the statement does not mind', async () => {
    await app.close()
    app = build({
      onQuery() {
        throw new Error('a defect of a hook')
      },
    })
    await app.ready()
    expect((await app.db.exec(add(1))).rowCount).toBe(1)
    await expect(app.db.exec(add(1))).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' })
  })
})

describe('traces', () => {
  it('M17: have the names of OpenTelemetry, and no value', async () => {
    const traces: [string, QueryTrace][] = []
    const note = (name: string) => (trace: unknown) => void traces.push([name, trace as QueryTrace])
    const handlers = { start: note('start'), asyncEnd: note('asyncEnd'), error: note('error') }
    const channel = tracingChannel(QUERY_CHANNEL)
    channel.subscribe(handlers as never)
    try {
      await app.ready()
      await app.db.exec(add(1))
      await app.db.exec(add(1)).catch(() => undefined)
      await app.db.batch([sql`select 1 as one`, sql`select 2 as two`])
    } finally {
      channel.unsubscribe(handlers as never)
    }
    expect(traces.map(([name]) => name)).toEqual([
      'start',
      'asyncEnd',
      'start',
      'error',
      'asyncEnd',
      'start',
      'asyncEnd',
    ])
    const common = {
      'db.system.name': 'postgresql',
      'db.namespace': 'postgres',
      'server.address': '127.0.0.1',
      'server.port': database.server.port,
    }
    expect(traces[1]?.[1].attributes).toEqual({
      ...common,
      'db.operation.name': 'INSERT',
      'db.query.summary': 'INSERT',
      'db.query.text': 'insert into things (id, tag) values ($1, $2)',
      'db.response.returned_rows': 0,
    })
    expect(traces[4]?.[1].attributes).toMatchObject({
      'db.response.status_code': '23505',
      'error.type': '23505',
    })
    expect(traces[6]?.[1].attributes).toMatchObject({
      'db.operation.name': 'BATCH SELECT',
      'db.operation.batch.size': 2,
      'db.query.text': 'select 1 as one; select 2 as two',
      'db.response.returned_rows': 2,
    })
    expect(JSON.stringify(traces)).not.toContain(VALUE)
  })
})

describe("audit: 'fail-closed'", () => {
  let recorded: string[] = []
  let works = true
  beforeEach(async () => {
    await app.close()
    app = build({ audit: 'fail-closed' })
    recorded = []
    works = true
    await app.ready()
    app.securityEvents.subscribe(
      async ({ details, outcome }) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (!works) throw new Error('the disk is full')
        recorded.push(`${(details as { kind?: string }).kind} ${outcome}`)
      },
      { durable: true },
    )
  })
  const notRecorded = { code: 'DATABASE_NOT_RECORDED', statusCode: 503 }

  it('a write is on record before it is done, and undone where that fails', async () => {
    expect((await app.db.exec(add(1))).rowCount).toBe(1)
    expect(recorded[0]).toBe('insert succeeded')
    works = false
    await expect(app.db.exec(add(2))).rejects.toMatchObject(notRecorded)
    await expect(app.db.batch([add(3), add(4)])).rejects.toMatchObject(notRecorded)
    await expect(app.db.tx((tx) => tx.exec(add(5)))).rejects.toMatchObject(notRecorded)
    await expect(
      app.db.tx(async (tx) => void (await tx.exec(add(6)).catch(() => undefined))),
    ).rejects.toMatchObject(notRecorded)
    // What writes by way of a read is a write of its transaction.
    await expect(
      app.db.tx((tx) => tx.query(sql`insert into things (id) values (7) returning id`)),
    ).rejects.toMatchObject(notRecorded)
    // A read leaves nothing to undo.
    expect(await app.db.query(sql`select id from things`)).toEqual([{ id: 1 }])
    expect(await ids()).toEqual([1])
    expect(app.db.status.write.taken).toBe(0)
    works = true
    expect((await app.db.exec(add(8))).rowCount).toBe(1)
  })

  it('nobody who records is nobody to whom it could be told', async () => {
    await app.close()
    app = build({ audit: 'fail-closed' })
    await app.ready()
    app.securityEvents.subscribe(() => undefined)
    await expect(app.db.exec(add(1))).rejects.toMatchObject(notRecorded)
    expect(await app.db.query(sql`select id from things`)).toEqual([])
  })

  it('also in the transaction of a request', async () => {
    await app.close()
    app = build({ audit: 'fail-closed', transaction: true })
    app.get('/', (request) => request.db.exec(add(1)))
    await app.ready()
    app.securityEvents.subscribe(() => Promise.reject(new Error('the disk is full')), { durable: true })
    expect((await app.inject('/')).json()).toMatchObject({ code: 'DATABASE_NOT_RECORDED' })
    expect(await ids()).toEqual([])
  })
})
