import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../src/index.ts'
import type { SqlQuery, SqlValue } from '../src/index.ts'
import { appWith, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const numRuns = 2_000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)
const TIMEOUT = 60_000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)

let database: TestDatabase
let app: FastifyInstance

beforeAll(async () => {
  database = await startDatabase()
  app = appWith({
    dsn: database.dsn,
    context: ({ body }) => ({ settings: { 'app.given': (body as { text: string }).text } }),
  })
  app.post('/context', (request) => request.db.one(sql`select current_setting('app.given') as text`))
  await app.ready()
})
afterAll(async () => {
  await app.close()
  await database.server.stop()
})

const hostile = fc.constantFrom(
  "' or 1=1 --",
  '\\',
  "\\'; drop table things; --",
  '{"a"}',
  '{1,NULL}',
  'NULL',
  'null',
  '"',
  '$1',
  '',
  ' ',
  'ﬀ',
  '%_',
  '\\%',
  '__proto__',
  'constructor',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udc00\ud800',
  '\ufffe\uffff',
)
/** Any text that JavaScript can hold: half surrogate pairs and NUL too. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.nat(0xffff), { maxLength: 5 }).map((units) => String.fromCharCode(...units)),
  },
  { weight: 2, arbitrary: hostile },
)

/** What PostgreSQL can store: everything but NUL and half pairs. */
const isStorable = (value: string): boolean => value.isWellFormed() && !value.includes('\u0000')
const isStorableInside = (value: unknown): boolean => {
  if (typeof value === 'string') return isStorable(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, item]) => isStorable(key) && isStorableInside(item))
}

/** Either the statement is refused while it is written, so that nothing can have been sent, or it answers this. */
async function expectBack(accepted: boolean, write: () => SqlQuery, answer: unknown): Promise<void> {
  if (!accepted) {
    expect(write).toThrow(expect.objectContaining({ code: 'INVALID_SQL_VALUE', statusCode: 400 }))
    return
  }
  expect(await app.db.one(write())).toEqual({ answer })
}

const check = <T>(property: fc.IAsyncProperty<T>): Promise<void> => fc.assert(property, { seed, numRuns })

describe('what is sent comes back the same, or is refused before anything is sent', () => {
  it('a string', { timeout: TIMEOUT }, () =>
    check(
      fc.asyncProperty(text, (value) =>
        expectBack(isStorable(value), () => sql`select ${value}::text as answer`, value),
      ),
    ),
  )

  it('a string for a name', { timeout: TIMEOUT }, () =>
    check(
      fc.asyncProperty(text, (value) =>
        expectBack(isStorable(value), () => sql.named`select :value::text as answer`({ value }), value),
      ),
    ),
  )

  it('an array, of as many dimensions as its parts agree on', { timeout: TIMEOUT }, async () => {
    const item = fc.option(text)
    const box = fc
      .array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 })
      .chain((sizes) =>
        sizes.reduce<fc.Arbitrary<unknown>>(
          (inner, size) => fc.array(inner, { minLength: size, maxLength: size }),
          item,
        ),
      )
    const ragged = fc.array(fc.oneof(item, fc.array(item, { maxLength: 3 })), { maxLength: 4 })
    /** The lengths of the dimensions, or nothing where parts differ. */
    const shapeOf = (value: unknown): string | undefined => {
      if (!Array.isArray(value)) return ''
      const shapes = new Set(value.map(shapeOf))
      const [shape = ''] = shapes
      return shapes.size > 1 || shapes.has(undefined) || shape.startsWith('0')
        ? undefined
        : `${value.length} ${shape}`
    }
    await check(
      fc.asyncProperty(fc.oneof(box, ragged), (value) =>
        expectBack(
          isStorableInside(value) && shapeOf(value) !== undefined,
          () => sql`select ${value as SqlValue}::text[] as answer`,
          value,
        ),
      ),
    )
  })

  it('JSON', { timeout: TIMEOUT }, () =>
    check(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), text, async (json, key) => {
        const value = { [key]: json }
        await expectBack(
          isStorableInside(value),
          () => sql`select ${sql.json(value)} as answer`,
          JSON.parse(JSON.stringify(value)),
        )
      }),
    ),
  )

  it('a pattern: it finds what holds the text, and nothing else', { timeout: TIMEOUT }, () =>
    check(
      fc.asyncProperty(text, text, fc.boolean(), async (needle, rest, inside) => {
        const hay = inside ? `${rest}${needle}${rest}` : rest
        await expectBack(
          isStorable(needle) && isStorable(hay),
          () => sql`select array[${hay} like ${sql.like.contains(needle)}, ${hay} like ${sql.like.startsWith(needle)},
            ${hay} like ${sql.like.endsWith(needle)}] as answer`,
          [hay.includes(needle), hay.startsWith(needle), hay.endsWith(needle)],
        )
      }),
    ),
  )

  it('an identifier, of a list', { timeout: TIMEOUT }, () =>
    check(
      fc.asyncProperty(text, async (name) => {
        const write = () => sql`select 1 as ${sql.id(name, [name])}`
        const accepted = isStorable(name) && name !== '' && Buffer.byteLength(name) <= 63
        if (!accepted) {
          expect(write).toThrow(expect.objectContaining({ code: 'UNSAFE_IDENTIFIER' }))
          return
        }
        expect(Object.entries(await app.db.one(write()))).toEqual([[name, 1]])
      }),
    ),
  )

  it('a setting of the context', { timeout: TIMEOUT }, () =>
    check(
      fc.asyncProperty(text, async (value) => {
        const answer = await app.inject({
          method: 'POST',
          url: '/context',
          headers: { 'content-type': 'application/json' },
          payload: JSON.stringify({ text: value }),
        })
        if (isStorable(value)) expect(answer.json()).toEqual({ text: value })
        else expect(answer.json()).toMatchObject({ code: 'DATABASE_CONTEXT_MISSING' })
      }),
    ),
  )

  it('bytes, numbers, dates and lists of values', { timeout: TIMEOUT }, () =>
    check(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 40 }),
        fc.double(),
        fc.maxSafeInteger(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.date({
          min: new Date('0001-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59Z'),
          noInvalidDate: false,
        }),
        async (bytes, double, integer, big, date) => {
          const write = () => sql`
            select ${bytes}::bytea as bytes, ${double}::float8 as double, ${integer}::int8::text as integer,
              ${big}::int8::text as big, ${date}::timestamptz as date, ${big}::int8 = any(${[big, null]}::int8[]) as found,
              ${sql.in(sql`${integer}::int8`, [integer, 7])} as member`
          const accepted = Number.isFinite(double) && !Number.isNaN(date.getTime())
          if (!accepted) {
            expect(write).toThrow(expect.objectContaining({ code: 'INVALID_SQL_VALUE' }))
            return
          }
          expect(await app.db.one(write())).toEqual({
            bytes: Buffer.from(bytes),
            double: expect.toSatisfy((got: number) => Object.is(got, double)) as unknown,
            integer: Object.is(integer, -0) ? '0' : String(integer),
            big: String(big),
            date,
            found: true,
            member: true,
          })
        },
      ),
    ),
  )
})
