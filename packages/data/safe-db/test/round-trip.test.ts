import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../src/index.ts'
import { appWith, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const numRuns = 300 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)

let database: TestDatabase
let app: FastifyInstance

beforeAll(async () => {
  database = await startDatabase()
  app = appWith({ dsn: database.dsn })
  await app.ready()
})
afterAll(async () => {
  await app.close()
  await database.server.stop()
})

const storable = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((text) => !text.includes('\u0000') && text.isWellFormed())
const hostile = fc.constantFrom(
  "' or 1=1 --",
  '\\',
  "\\'; drop table things; --",
  '{"a"}',
  '{1,NULL}',
  'NULL',
  '"',
  '$1',
  '',
  ' ',
  'ﬀ',
  '%_',
)
const text = fc.oneof(storable, hostile)

describe('values come back as they were sent', () => {
  it('strings, arrays, JSON, bytes, numbers and dates', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.option(text), { maxLength: 6 }),
        fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' }).filter((value) => {
          const json = JSON.stringify(value)
          return json.isWellFormed() && !/\\u0000|\\ud[89a-f]/i.test(json) && !json.includes('__proto__')
        }),
        fc.uint8Array({ maxLength: 40 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.maxSafeInteger(),
        fc.date({
          min: new Date('0001-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59Z'),
          noInvalidDate: true,
        }),
        async (string, list, json, bytes, double, integer, date) => {
          const row = await app.db.one(sql`
            select ${string}::text as string, ${list}::text[] as list, ${sql.json(json)} as json, ${bytes}::bytea as bytes,
              ${double}::float8 as double, ${integer}::int8::text as integer, ${date}::timestamptz as date,
              ${string} = any(${[...list, string]}::text[]) as found, ${sql.in(sql`${string}::text`, [string])} as member`)
          expect(row).toEqual({
            string,
            list,
            json: JSON.parse(JSON.stringify(json)) as unknown,
            bytes: Buffer.from(bytes),
            double: expect.toSatisfy((got: number) => Object.is(got, double)) as unknown,
            integer: Object.is(integer, -0) ? '0' : String(integer),
            date,
            found: true,
            member: true,
          })
        },
      ),
      { seed, numRuns },
    )
  })

  it('identifiers, one by one, name what they say', async () => {
    for (const name of [
      'plain',
      'Mixed',
      'a"b',
      "it's",
      'select',
      'x; drop table things',
      '$1',
      'ü'.repeat(31),
    ]) {
      expect(await app.db.one(sql`select 1 as ${sql.id(name, [name])}`)).toEqual({ [name]: 1 })
    }
  })
})
