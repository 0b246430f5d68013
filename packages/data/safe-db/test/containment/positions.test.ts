import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../../src/index.ts'
import { appWith, startDatabase } from '../database.ts'
import type { TestDatabase } from '../database.ts'
import { TEXTS } from './attempts.ts'

/** What breaks out of a quote, a comment, a list or a pattern, in front of what is then run. */
const BEFORE = [
  '',
  "'; ",
  '"; ',
  "') ; ",
  '*/ ; ',
  '$$; ',
  '$1; ',
  "\\'; ",
  '%_\\',
  '{"a","b"}',
  "' or true -- ",
  '\n;',
]
const texts = BEFORE.flatMap((before, index) =>
  // Each attempt with some of them, and every one of them with some attempt.
  TEXTS.filter((_text, at) => at % BEFORE.length === index || before === '').map(
    (text) => `${before}${text}`,
  ),
)

const WORLD = `select (select jsonb_agg(o order by id) from orders as o) as orders, (select count(*) from things) as things,
  (select count(*) from pg_class) as relations, (select count(*) from pg_roles) as roles,
  (select count(*) from pg_locks where locktype = 'advisory') as locks`

let database: TestDatabase
let app: FastifyInstance
let world: unknown
beforeAll(async () => {
  database = await startDatabase()
  app = appWith({
    dsn: database.dsn,
    poolSize: 1,
    context: ({ body }) => ({ settings: { 'app.given': String((body as { text?: unknown }).text) } }),
  })
  const columns = { id: sql.id('id'), tag: sql.id('tag') }
  app.post<{ Body: { text: string } }>('/', ({ body: { text }, db }) =>
    db.one(sql`
      select current_setting('app.given') as context, ${text}::text as value, ${[text, 'x']}::text[] as list,
        ${[[text], [text]]}::text[] as lists, ${sql.json({ [text]: [text] })} as json,
        ${text}::text like ${sql.like.contains(text)} as contains, 'x' || ${text}::text like ${sql.like.endsWith(text)} as ends,
        ${text}::text || 'x' like ${sql.like.startsWith(text)} as starts, 'x' like ${sql.like.contains(text)} as never,
        ${sql.in(sql`${text}::text`, [text])} as member, (select v.a from (values ${sql.values([[text]])}) as v (a)) as row`),
  )
  app.post<{ Body: { text: string } }>('/id', ({ body: { text }, db }) =>
    db.one(sql`select 1 as ${sql.id(text, texts)}`),
  )
  app.post<{ Body: { text: string } }>('/any', ({ body: { text }, db }) =>
    db.one(sql`select 1 as ${sql.id(text)}`),
  )
  app.post<{ Body: { text: string } }>('/order', ({ body: { text }, db }) =>
    db.query(sql`select id from things ${sql.orderBy(text, columns)}`),
  )
  app.post<{ Body: { text: string } }>('/text', ({ body: { text }, db }) => db.query(text as never))
  const find = sql.named`select :text::text as text, ':text' as quoted`
  app.post<{ Body: { text: string } }>('/named', ({ body, db }) => db.one(find(body)))
  await app.ready()
  world = (await database.admin(WORLD))[0]
})
afterAll(async () => {
  await app.close()
  await database.server.stop()
})

async function post(url: string, text: string): Promise<Record<string, unknown>> {
  return (await app.inject({ method: 'POST', url, payload: { text } })).json()
}

describe('SQL of somebody else is text, wherever it stands', () => {
  it(`${texts.length} texts in every position`, { timeout: 60_000 }, async () => {
    for (const text of texts) {
      expect(await post('/', text)).toEqual({
        context: text,
        value: text,
        list: [text, 'x'],
        lists: [[text], [text]],
        json: { [text]: [text] },
        contains: true,
        ends: true,
        starts: true,
        never: false,
        member: true,
        row: text,
      })
      expect(await post('/named', text)).toEqual({ text, quoted: ':text' })
      const named = await post('/id', text)
      if (Buffer.byteLength(text) <= 63) expect(named).toEqual({ [text]: 1 })
      else expect(named).toMatchObject({ statusCode: 400, code: 'UNSAFE_IDENTIFIER' })
      for (const url of ['/any', '/order']) {
        const refused = await post(url, text)
        if (!/^[a-z]+$/.test(text))
          expect(refused).toMatchObject({ statusCode: 400, code: 'UNSAFE_IDENTIFIER' })
      }
      expect(await post('/text', text)).toMatchObject({ statusCode: 500, code: 'UNSAFE_SQL' })
    }
    expect((await database.admin(WORLD))[0]).toEqual(world)
    expect(app.db.status.write).toEqual({ taken: 0, waiting: 0, open: 1 })
  })
})
