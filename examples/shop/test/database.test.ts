import { createHash } from 'node:crypto'
import { startPostgres } from '@portcullis/kernel/testing'
import { Client, type Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, createSchema, inTransaction } from '../src/database/connect.ts'
import { prepareDatabase, removeDatabase } from '../src/database/prepare.ts'
import { generateShop, type ShopData } from '../src/database/seed/generate.ts'
import { insertShop } from '../src/database/seed/insert.ts'
import { TEST_CARDS } from '../src/database/seed/words.ts'

let postgres: Awaited<ReturnType<typeof startPostgres>>
let db: Pool

beforeAll(async () => {
  postgres = await startPostgres()
  db = await connect(postgres.url)
})

afterAll(async () => {
  await db.end()
  await postgres.stop()
})

function fingerprint(data: ShopData): string {
  return createHash('sha256')
    .update(JSON.stringify([...data]))
    .digest('hex')
}

describe('the generated data', () => {
  it('is the same for the same seed and another for another', async () => {
    const [one, again, other] = await Promise.all([generateShop(7), generateShop(7), generateShop(8)])
    expect(fingerprint(again)).toBe(fingerprint(one))
    expect(fingerprint(other)).not.toBe(fingerprint(one))
  })

  it('holds persons that do not exist', async () => {
    const data = await generateShop()
    for (const user of data.get('users') ?? []) {
      expect(user['email']).toMatch(/@example\.com$/)
      expect(user['phone']).toMatch(/^\+1-\d{3}-555-01\d\d$/)
      expect(user['ssn']).toMatch(/^9\d\d-(0[1-9]|[1-4]\d)-\d{4}$/)
    }
    for (const method of data.get('payment_methods') ?? [])
      expect(TEST_CARDS).toContain(method['card_number'])
  })

  it('is written in less than two seconds, at least 5,000 rows, equal in two runs', async () => {
    const dump = async (): Promise<{ rows: number; hash: string; milliseconds: number }> => {
      await createSchema(db)
      const data = await generateShop()
      const begin = performance.now()
      const rows = await insertShop(db, data)
      const milliseconds = performance.now() - begin
      const tables = [...data.keys()]
      const stored = await Promise.all(
        tables.map((table) =>
          db.query(`SELECT to_jsonb(${table}) FROM ${table} ORDER BY id`).then((result) => result.rows),
        ),
      )
      expect(stored.flat()).toHaveLength(rows)
      return { rows, hash: createHash('sha256').update(JSON.stringify(stored)).digest('hex'), milliseconds }
    }
    const first = await dump()
    const second = await dump()
    expect(first.rows).toBeGreaterThanOrEqual(5_000)
    expect(second.hash).toBe(first.hash)
    expect(Math.min(first.milliseconds, second.milliseconds)).toBeLessThan(2_000)
  })
})

describe('the database', () => {
  it('rolls back what fails and keeps the connection usable', async () => {
    await expect(inTransaction(db, (client) => client.query('SELECT 1/0'))).rejects.toThrow(
      'division by zero',
    )
    expect(await inTransaction(db, async (client) => (await client.query('SELECT 1 AS one')).rows)).toEqual([
      { one: 1 },
    ])
  })

  it('drops its own schema and refuses a foreign one of that name', async () => {
    await prepareDatabase(db, postgres.url)
    await removeDatabase(db)
    await removeDatabase(db)
    const { rows } = await db.query("SELECT FROM pg_roles WHERE rolname LIKE 'portcullis%'")
    expect(rows).toEqual([])
    await db.query('CREATE SCHEMA portcullis_shop')
    await expect(createSchema(db)).rejects.toThrow('did not make')
    await db.query('DROP SCHEMA portcullis_shop')
  })

  it('is prepared and removed by an owner that may make schemas and roles, and is no superuser', async () => {
    await db.query("CREATE ROLE landlord LOGIN CREATEROLE PASSWORD 'of this test alone'")
    await db.query('GRANT CREATE ON DATABASE postgres TO landlord')
    const url = new URL(postgres.url)
    url.username = 'landlord'
    url.password = 'of this test alone'
    const landlord = await connect(url.href)
    try {
      const { dsn } = await prepareDatabase(landlord, url.href)
      const tenant = new Client({ connectionString: dsn })
      await tenant.connect()
      const account = await tenant.query("SELECT id FROM account_to_sign_in('ada@example.com')")
      const orders = await tenant.query('SELECT FROM orders')
      await tenant.end()
      expect(account.rows).toEqual([{ id: 1 }])
      expect(orders.rows).toEqual([])
      // Forced: not even the owner sees a row.
      expect((await landlord.query('SELECT FROM orders')).rows).toEqual([])
      await removeDatabase(landlord)
    } finally {
      await landlord.end()
    }
    await db.query('DROP OWNED BY landlord')
    await db.query('DROP ROLE landlord')
  })

  it('refuses a foreign role of the name of one of its own', async () => {
    await db.query('CREATE ROLE portcullis_shop_app')
    await expect(prepareDatabase(db, postgres.url)).rejects.toThrow(
      'portcullis_shop_app that this demo did not make',
    )
    await db.query('DROP ROLE portcullis_shop_app')
    await removeDatabase(db)
  })
})

describe('a PostgreSQL that cannot be reached', () => {
  it('is named by host, without user or password', async () => {
    const attempt = connect('postgres://somebody:s3cret@127.0.0.1:1/shop')
    await expect(attempt).rejects.toThrow(
      "PostgreSQL at 127.0.0.1:1/shop can't be reached: connection refused (ECONNREFUSED)",
    )
    await expect(attempt).rejects.not.toThrow(/somebody|s3cret/)
  })

  it.each([
    'postgres://somebody:wr0ng@HOST',
    'postgres://nobody-known:wr0ng@HOST',
    'postgres://postgres:wr0ng@HOST',
  ])('says that it refused %s, without the credentials', async (url) => {
    const attempt = connect(url.replace('HOST', `127.0.0.1:${postgres.port}/shop`))
    await expect(attempt).rejects.toThrow('user or password refused (28P01)')
    await expect(attempt).rejects.not.toThrow(/somebody|nobody-known|wr0ng/)
  })

  it.each(['', 'mysql://a:s3cret@h/db', 'postgres://a:s3cret@h:99999999/db', 's3cret'])(
    'calls %j no address',
    async (url) => {
      await expect(connect(url)).rejects.toThrow('not a PostgreSQL address')
      await expect(connect(url)).rejects.not.toThrow('s3cret')
    },
  )
})
