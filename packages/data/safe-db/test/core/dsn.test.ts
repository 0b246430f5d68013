import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDsn, redactDsn } from '../../src/index.ts'
import { parseDsn } from '../../src/core/parse-dsn.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const numRuns = 2_000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)

describe('redactDsn', () => {
  it.each([
    ['postgres://app:S3cret@db.example.com:5432/shop', 'postgres://db.example.com:5432/shop'],
    ['postgresql://app:S3c%40ret@db/shop?sslmode=verify-full', 'postgresql://db/shop?sslmode=verify-full'],
    ['postgres://db/shop?user=app&password=S3cret', 'postgres://db/shop'],
    [
      'postgres://db/shop?sslmode=require&sslkey=/S3cret/key&sslpassword=S3cret',
      'postgres://db/shop?sslmode=require',
    ],
    ['postgres://db/shop?p%61ssword=S3cret', 'postgres://db/shop'],
    ['postgres://app:S3cret@one:1,two:2/shop', 'postgres://one:1,two:2/shop'],
    ['postgres://app:S3@cret@db/shop', 'postgres://db/shop'],
    ['postgres://app:S3cret@[::1]:5432/shop', 'postgres://[::1]:5432/shop'],
    ['postgres://app:S3/cret@db/shop', '[redacted]'],
    ['postgres://app:S3?cret@db/shop', '[redacted]'],
    ['postgres://app:S3#cret@db/shop', '[redacted]'],
    ['postgres://db/shop?password=S3@cret', '[redacted]'],
    ['postgres://app:S3 cret@db/shop', 'postgres://db/shop'],
    ['postgres://S3cret!/shop', '[redacted]'],
    ['mysql://app:S3cret@db:3306/shop?ssl=true', 'mysql://db:3306/shop?ssl=true'],
    [
      'jdbc:sqlserver://db:1433;user=app;password=S3cret;encrypt=true',
      'jdbc:sqlserver://db:1433/?encrypt=true',
    ],
    [
      'Server=tcp:db,1433;Database=shop;User Id=app;Password=S3cret;Encrypt=yes',
      'ado://tcp:db,1433/shop?encrypt=yes',
    ],
    ['Server=db;Password="S3cret;Database=x"', '[redacted]'],
    ['host=db port=5432 dbname=shop user=app password=S3cret', 'libpq://db:5432/shop'],
    ["host=db password='S3 cret'", '[redacted]'],
    ['S3cret', '[redacted]'],
    ['', '[redacted]'],
    [undefined, '[redacted]'],
    [{ password: 'S3cret' }, '[redacted]'],
  ])('%s', (dsn, expected) => {
    expect(redactDsn(dsn)).toBe(expected)
    expect(redactDsn(dsn)).not.toMatch(/S3|cret/)
  })

  it('shows no password that a URL can hold, however it is written, and never throws', () => {
    const secret = fc
      .string({ minLength: 3, maxLength: 20, unit: 'grapheme-ascii' })
      .map((text) => `Zq${text}qZ`)
    const written = (text: string): string[] => [
      `postgres://app:${text}@db/shop`,
      `postgres://app:${encodeURIComponent(text)}@db/shop`,
      `postgres://db/shop?password=${text}`,
      `postgres://db/shop?password=${encodeURIComponent(text)}`,
      `mysql://${text}:${text}@db/shop?ssl=true&sslkey=${text}`,
      `Server=db;Password=${text};Encrypt=yes`,
    ]
    fc.assert(
      fc.property(secret, (text) => {
        for (const dsn of written(text)) expect(redactDsn(dsn)).not.toMatch(/Zq|qZ/)
      }),
      { seed, numRuns },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => typeof redactDsn(text) === 'string'),
      { seed, numRuns },
    )
  })

  it('is linear', () => {
    for (const part of ['a,1', '@', ':', ';=', 'a.', '[:']) {
      const started = performance.now()
      redactDsn(`postgres://${part.repeat(50_000)}!`)
      redactDsn(`a=${part.repeat(50_000)};`)
      expect(performance.now() - started).toBeLessThan(500)
    }
  })
})

describe('checkDsn', () => {
  it.each([
    ['postgres://db/shop?sslmode=verify-full', 'postgresql', 'verified'],
    ['postgres://db/shop?sslmode=require', 'postgresql', 'encrypted'],
    ['postgres://db/shop?sslmode=prefer', 'postgresql', 'plaintext'],
    ['postgres://db/shop', 'postgresql', 'plaintext'],
    ['host=db sslmode=verify-full', 'postgresql', 'verified'],
    ['mysql://db/shop?ssl=true', 'mysql', 'encrypted'],
    ['mysql://db/shop?ssl-mode=VERIFY_IDENTITY', 'mysql', 'verified'],
    ['mysql://db/shop', 'mysql', 'plaintext'],
    ['Server=db;Encrypt=yes', 'sqlserver', 'verified'],
    ['Server=db;Encrypt=yes;TrustServerCertificate=yes', 'sqlserver', 'encrypted'],
    ['Server=db', 'sqlserver', 'plaintext'],
    ['mssql://db/shop?encrypt=false', 'sqlserver', 'plaintext'],
    ['redis://db', 'unknown', 'unknown'],
    ['postgres://a:b/c@d', 'unknown', 'unknown'],
  ])('%s', (dsn, database, transport) => {
    expect(checkDsn(dsn)).toEqual({ database, transport })
  })
})

describe('parseDsn', () => {
  it('decodes what it takes', () => {
    expect(
      parseDsn('postgres://a%40b:p%2Fw%25@db.example.com/my%20db?application_name=shop&sslmode=prefer'),
    ).toEqual({
      host: 'db.example.com',
      port: 5432,
      user: 'a@b',
      password: 'p/w%',
      database: 'my db',
      applicationName: 'shop',
      transport: 'any',
    })
    expect(parseDsn('postgresql://a@[::1]:6543/db')).toMatchObject({ host: '::1', port: 6543, password: '' })
  })
})
