import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statementOf } from '../src/core/query.ts'
import { sql } from '../src/index.ts'
import { startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const runs = Number(process.env['PORTCULLIS_RUNS'] ?? 1)

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await startDatabase()
  client = new pg.Client({ connectionString: database.dsn })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.server.stop()
})

/** What the two could read differently, and words that do harm where one of them reads a comment or a quote. */
const signs = String.raw`/*~*/~--~'~"~$$~$a$~$é$~E'~e'~U&'~U&"~N'~B'~\~''~(~)~+~,~$~::text~-~*~/~1e~.5~_~||~1~a`
const words = 'select~commit~set role reader~listen x~as "x"~values (1)~with a as (select 1)'
const spaces = [' ', '\n', '\r', '\f', '\v', '\u00a0', '\u3000']
const pieces = fc.constantFrom(...signs.split('~'), ...words.split('~'), ...spaces)
const TAGS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']

function isAccepted(text: string): boolean {
  const strings = Object.freeze(Object.assign([text], { raw: Object.freeze([text]) }))
  try {
    statementOf(sql(strings))
    return true
  } catch {
    return false
  }
}

describe('our lexer and PostgreSQL’s', () => {
  it(
    'read the same: what is let through is run as one of the kinds, or not at all',
    { timeout: 60_000 },
    async () => {
      let [ran, refused] = [0, 0]
      const text = fc
        .tuple(
          fc.constantFrom('', '', 'select ', 'select 1 '),
          fc.array(pieces, { minLength: 1, maxLength: 12 }),
        )
        .map(([start, rest]) => `${start}${rest.join('')}`)
      const property = fc.asyncProperty(text, async (statement) => {
        if (!isAccepted(statement)) {
          refused++
          return
        }
        const query = { text: statement, values: [], queryMode: 'extended' }
        const answer = await client.query(query).catch(() => undefined)
        if (answer === undefined) return
        ran++
        expect(TAGS).toContain(answer.command)
      })
      await fc.assert(property, { seed, numRuns: 3_000 * runs })
      expect([ran > 50, refused > 500]).toEqual([true, true])
    },
  )
})
