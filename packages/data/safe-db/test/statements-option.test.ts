import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../src/index.ts'
import type { Command, SqlQuery } from '../src/index.ts'
import { appWith, eventsOf, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
let app: FastifyInstance

const STATEMENTS: Readonly<Record<string, SqlQuery>> = {
  select: sql`select id from things`,
  insert: sql`insert into things (id) values (1) on conflict (id) do nothing`,
  upsert: sql`insert into things (id) values (1) on conflict (id) do update set amount = 1`,
  update: sql`update things set amount = 2`,
  delete: sql`delete from things where id = 99`,
  hidden: sql`with gone as (delete from things returning id) select * from gone`,
  into: sql`select * into copied from things`,
}

beforeAll(async () => {
  database = await startDatabase()
  await database.admin('grant create on schema public to app')
  app = appWith({ dsn: database.dsn, statements: ['select', 'insert'] })
  const routes: Record<string, Command[] | undefined> = {
    '/default': undefined,
    '/reads': ['select'],
    '/writes': ['select', 'insert', 'update', 'delete'],
  }
  for (const [url, statements] of Object.entries(routes)) {
    app.get(url, { config: { db: statements === undefined ? {} : { statements } } }, (request) => {
      const { name = '' } = request.query as { name?: string }
      return request.db.exec(STATEMENTS[name] ?? sql`select 1`)
    })
  }
  app.get('/tx', { config: { db: { statements: ['insert'] } } }, (request) =>
    request.db.tx(async (tx) => {
      await tx.exec(sql`insert into things (id) values (7)`)
      for await (const row of tx.stream(sql`select id from things`)) return row
      return undefined
    }),
  )
  await app.ready()
})
afterAll(async () => {
  await app.close()
  await database.server.stop()
})

describe('what statements of a route may do', () => {
  it.each([
    ['/default', 'select insert into'],
    ['/reads', 'select'],
    ['/writes', 'select insert upsert update delete hidden into'],
  ])('%s: %s', async (url, allowed) => {
    const ran: string[] = []
    for (const name of Object.keys(STATEMENTS)) {
      const answer = await app.inject({ url, query: { name } })
      if (answer.statusCode === 200) ran.push(name)
      else expect(answer.json()).toMatchObject({ statusCode: 403, code: 'DATABASE_STATEMENT_FORBIDDEN' })
    }
    expect(ran).toEqual(allowed.split(' '))
    await database.admin('drop table if exists copied')
  })

  it('holds in transactions and streams, and undoes what came before', async () => {
    expect((await app.inject('/tx')).json()).toMatchObject({
      code: 'DATABASE_STATEMENT_FORBIDDEN',
      message: 'This statement is not allowed here: select.',
    })
    expect(await app.db.query(sql`select id from things where id = 7`)).toEqual([])
  })

  it('is refused with an event, before a connection is taken, without a context too', async () => {
    const events = eventsOf(app)
    await expect(app.db.exec(sql`delete from things`)).rejects.toMatchObject({ statusCode: 403 })
    expect(events).toMatchObject([{ outcome: 'refused', details: { code: 'DATABASE_STATEMENT_FORBIDDEN' } }])
    expect(app.db.status.write.taken).toBe(0)
  })

  it.each([[[]], [['drop']], ['select'], [[undefined]], [['SELECT']], [null]])(
    'refuses to boot with %j',
    async (statements) => {
      const bad = appWith({ dsn: database.dsn, statements: statements as never })
      await expect(bad.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_KERNEL_INVALID_OPTIONS' })
    },
  )
})
