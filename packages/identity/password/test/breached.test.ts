import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import password, { hibpRange, offlineRange } from '../src/index.ts'
import type { RangeSource } from '../src/index.ts'
import { countInRange } from '../src/core/range.ts'
import { runs } from './property.ts'

const cheap = { memory: 19456, passes: 2 }
const leaked = 'once leaked, forever known'
const fresh = 'nobody ever typed this before'
const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase()
const other = 'A'.repeat(35)

const apps: FastifyInstance[] = []
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))

async function check(
  source: RangeSource,
  typed: string,
  onError: 'open' | 'closed' = 'closed',
): Promise<unknown> {
  const app = Fastify()
  apps.push(app)
  await app.register(password, { ...cheap, policy: { breached: { source, onError } } })
  return app.passwords.check(typed).then(
    ({ reasons }) => reasons.map(({ code }) => code),
    (error: { code: string; statusCode: number }) => [error.code, error.statusCode],
  )
}

describe('over the network', () => {
  const seen: IncomingMessage[] = []
  let answer: (response: ServerResponse, prefix: string) => void
  let url = ''
  const server = createServer((request, response) => {
    seen.push(request)
    answer(response, request.url?.slice('/range/'.length) ?? '')
  })

  beforeAll(async () => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/range/`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  afterEach(() => void (seen.length = 0))

  const honest = (response: ServerResponse, prefix: string): void => {
    const hash = sha1(leaked)
    const own = hash.startsWith(prefix) ? [`${hash.slice(5)}:42`] : []
    response.end([`${other}:0`, ...own, `${'B'.repeat(35)}:7`].join('\r\n'))
  }

  it('finds what is known, and sends five characters and nothing else', async () => {
    answer = honest
    expect(await check(hibpRange({ url }), leaked)).toEqual(['BREACHED'])
    expect(await check(hibpRange({ url }), fresh)).toEqual([])
    const [request] = seen
    expect(seen.map((one) => one.url)).toEqual(
      [leaked, fresh].map((text) => `/range/${sha1(text).slice(0, 5)}`),
    )
    expect(request?.method).toBe('GET')
    expect(request?.headers['add-padding']).toBe('true')
    const everything = JSON.stringify([request?.url, request?.rawHeaders])
    expect(everything).not.toContain(sha1(leaked).slice(5, 15))
    expect(everything).not.toContain('leaked')
  })

  it('counts padding as never', async () => {
    answer = (response) => response.end(`${sha1(leaked).slice(5)}:0`)
    expect(await check(hibpRange({ url }), leaked)).toEqual([])
  })

  it('is not asked about what is refused anyway', async () => {
    answer = honest
    expect(await check(hibpRange({ url }), 'vwzqhjk')).toEqual(['TOO_SHORT'])
    expect(seen).toEqual([])
  })

  const failures: Record<string, (response: ServerResponse) => void> = {
    'an error': (response) => void response.writeHead(500).end(),
    'too many requests': (response) => void response.writeHead(429).end(),
    'the page of a proxy': (response) => void response.end('<html>Please log in</html>'),
    'a redirect': (response) => void response.writeHead(302, { location: url }).end(),
    nothing: (response) => void response.destroy(),
    'no end': (response) => void response.write(`${other}:1\r\n`),
    'more than a range': (response) => void response.end(`${other}:1\r\n`.repeat(40_000)),
    'lower case': (response) => void response.end(`${sha1(leaked).slice(5).toLowerCase()}:42`),
  }
  it.each(Object.keys(failures))('does what was declared on %s', async (name) => {
    answer = failures[name] ?? honest
    // What ends by itself has time, so that it is not the timeout which is seen.
    const source = hibpRange({ url, timeout: name === 'no end' ? 300 : '10s' })
    expect(await check(source, leaked, 'closed')).toEqual(['PASSWORD_BREACH_CHECK_UNAVAILABLE', 503])
    expect(await check(source, leaked, 'open')).toEqual([])
  })

  it('closes a connection whose answer does not end', async () => {
    let closed = 0
    answer = (response) => {
      response.on('close', () => closed++)
      response.write(`${other}:1\r\n`)
    }
    const sources = Array.from({ length: 20 }, () => check(hibpRange({ url, timeout: 200 }), leaked, 'open'))
    expect(await Promise.all(sources)).toEqual(Array.from({ length: 20 }, () => []))
    await expect.poll(() => closed).toBe(20)
  })

  it('does what was declared where nobody listens', async () => {
    const source = hibpRange({ url: 'http://127.0.0.1:1/range/' })
    expect(await check(source, leaked, 'closed')).toEqual(['PASSWORD_BREACH_CHECK_UNAVAILABLE', 503])
    expect(await check(source, leaked, 'open')).toEqual([])
  })

  it('does what was declared where a source of your own throws or lies', async () => {
    const throwing: RangeSource = () => {
      throw new Error('at once')
    }
    const lying = (async () => undefined) as unknown as RangeSource
    for (const source of [throwing, lying]) {
      expect(await check(source, leaked, 'closed')).toEqual(['PASSWORD_BREACH_CHECK_UNAVAILABLE', 503])
    }
  })

  it.each(['http://example.com/range/', 'https://example.com/range', 'ftp://example.com/', 'range/', ''])(
    'refuses %o at boot',
    (wrong) => {
      expect(() => hibpRange({ url: wrong })).toThrow(
        expect.objectContaining({ code: 'PORTCULLIS_PASSWORD_INVALID_SOURCE' }),
      )
    },
  )

  it('refuses a timeout that is none', () => {
    expect(() => hibpRange({ timeout: 'soon' })).toThrow('timeout takes')
  })
})

describe('from a copy', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'breached-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('finds what is known in a directory of ranges', async () => {
    const hash = sha1(leaked)
    for (const text of [leaked, fresh]) {
      await writeFile(join(folder, `${sha1(text).slice(0, 5)}.txt`), `${other}:3\r\n${hash.slice(5)}:42\r\n`)
    }
    const source = offlineRange({ directory: folder })
    expect(await check(source, leaked)).toEqual(['BREACHED'])
    expect(await check(source, fresh)).toEqual([])
    // A range that is missing is not an empty one.
    expect(await check(source, 'whose range is not there at all')).toEqual([
      'PASSWORD_BREACH_CHECK_UNAVAILABLE',
      503,
    ])
  })

  it('finds what is known in a sorted file, whatever is in it', async () => {
    const path = join(folder, 'sorted.txt')
    const digit = fc.constantFrom(...Array.from('0123456789ABCDEF'))
    // Few prefixes with many hashes each, and some with one.
    const hash = fc
      .tuple(
        fc.oneof(
          fc.constantFrom('00000', '7F7F7', 'FFFFF'),
          fc.string({ unit: digit, minLength: 5, maxLength: 5 }),
        ),
        fc.string({ unit: digit, minLength: 35, maxLength: 35 }),
      )
      .map((parts) => parts.join(''))
    const hashes = fc.uniqueArray(hash, { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        hashes,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.nat({ max: 999_999 }),
        async (known, end, atEnd, count) => {
          const sorted = known.toSorted()
          const lines = sorted.map((one) => `${one}:${count + 1}`).join(end)
          await writeFile(path, atEnd ? lines + end : lines)
          const source = offlineRange({ file: path })
          for (const prefix of new Set(['00000', 'FFFFF', ...sorted.map((one) => one.slice(0, 5))])) {
            const range = await source(prefix)
            const expected = sorted.filter((one) => one.startsWith(prefix)).map((one) => one.slice(5))
            const found = range
              .split('\n')
              .filter((line) => line.trim() !== '')
              .map((line) => line.slice(0, 35))
            expect(found).toEqual(expected)
            for (const suffix of expected) expect(countInRange(range, suffix)).toBe(count + 1)
          }
        },
      ),
      runs(100),
    )
  })

  it('finds each of many lines', async () => {
    const path = join(folder, 'large.txt')
    const known = Array.from({ length: 20_000 }, (_one, index) => sha1(`password ${index}`)).toSorted()
    await writeFile(path, known.map((one, index) => `${one}:${index + 1}`).join('\n'))
    const source = offlineRange({ file: path })
    for (const [index, hash] of known.entries()) {
      if (index % 97 !== 0) continue
      expect(countInRange(await source(hash.slice(0, 5)), hash.slice(5))).toBe(index + 1)
    }
  })

  it.each([
    ['lower case', [sha1('a'), sha1('b')].map((hash) => `${hash.toLowerCase()}:1`).join('\n')],
    ['another order', Array.from({ length: 200 }, (_one, index) => `${sha1(String(index))}:1`).join('\n')],
    ['passwords', 'password\n123456\n'.repeat(40)],
    ['one long line', 'A'.repeat(10_000)],
    ['nothing', ''],
  ])('refuses at boot a file of %s, in which nothing would be found', async (name, content) => {
    const path = join(folder, `${name}.txt`)
    await writeFile(path, content)
    expect(() => offlineRange({ file: path })).toThrow(
      expect.objectContaining({ code: 'PORTCULLIS_PASSWORD_INVALID_SOURCE' }),
    )
  })

  it('refuses at boot what is not there, or not one of the two', () => {
    for (const options of [
      {},
      { directory: folder, file: folder },
      { directory: '/no/such' },
      { file: folder },
    ]) {
      expect(() => offlineRange(options)).toThrow(
        expect.objectContaining({ code: 'PORTCULLIS_PASSWORD_INVALID_SOURCE' }),
      )
    }
  })
})
