import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, '..')

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

interface Server {
  readonly process: ChildProcess
  send(
    path: string,
    options?: { token?: string | undefined; body?: unknown; origin?: string },
  ): Promise<Reply>
  graphql(token: string | undefined, query: string, variables?: object): Promise<Reply>
  login(name: string, password: string): Promise<string>
}

/** Starts `before.js` or `after.js` as a user does, on a free port. It runs the built packages. */
async function start(file: string): Promise<Server> {
  const env = { ...process.env, PORT: '0', NODE_ENV: undefined }
  const child = spawn(process.execPath, [file], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const address = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const listening = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
      if (listening !== undefined) resolve(listening)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}; is it built?\n${output}`)))
  })
  const server: Server = {
    process: child,
    async send(path, { token, body, origin } = {}) {
      const response = await fetch(`${address}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(origin !== undefined && { origin }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: response.status, headers: response.headers, body: await response.json() }
    },
    graphql: (token, query, variables = {}) => server.send('/graphql', { token, body: { query, variables } }),
    async login(name, password) {
      const { body } = await server.send('/login', { body: { name, password } })
      return (body as { token: string }).token
    },
  }
  return server
}

const deep = `{ books(first: 1) { ${'similar(first: 1) { '.repeat(10)} title ${'} '.repeat(10)} } }`
const wide = 'query ($n: Int) { books(first: $n) { similar(first: $n) { title } } }'
const borrow = 'mutation { borrow(book: "1") { book { title } reader } }'

const before = { file: 'before.js', deep: 200, wide: 200, borrowed: Array<number>(12).fill(200) }
const after = {
  file: 'after.js',
  deep: 400,
  wide: 400,
  borrowed: [...Array<number>(10).fill(200), 429, 429],
}

describe.each([before, after])('$file', (expected) => {
  let server: Server
  let reader: string
  let librarian: string

  beforeAll(async () => {
    server = await start(expected.file)
    reader = await server.login('ada', 'a very old password')
    librarian = await server.login('grace', 'another old password')
  })

  afterAll(async () => {
    if (server.process.exitCode !== null) return
    server.process.kill()
    await once(server.process, 'exit')
  })

  it('answers honest requests', async () => {
    const answer = await server.graphql(reader, '{ books(first: 2) { title similar(first: 2) { title } } }')
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ data: { books: [{ title: 'Volume 0' }, {}] } })
    expect((await server.send('/loans', { token: reader })).status).toBe(200)
  })

  it('has the 401 of @fastify/jwt, in REST and GraphQL', async () => {
    const answers = await Promise.all([
      server.send('/loans'),
      server.send('/loans', { token: 'a.b.c' }),
      server.graphql(undefined, '{ books { title } }'),
      server.graphql('a.b.c', '{ books { title } }'),
    ])
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401])
    const missing = 'No Authorization was found in request.headers'
    const invalid = /^Authorization token is invalid/
    expect(answers.map(({ body }) => body)).toMatchObject([
      { message: missing },
      { message: expect.stringMatching(invalid) },
      { data: null, errors: [{ message: missing }] },
      { data: null, errors: [{ message: expect.stringMatching(invalid) }] },
    ])
  })

  it('has the headers of @fastify/cors, on refusals too', async () => {
    const origin = 'https://library.example'
    for (const { headers } of [
      await server.send('/loans', { token: reader, origin }),
      await server.send('/graphql', { token: reader, origin, body: { query: deep } }),
    ]) {
      expect(headers.get('access-control-allow-origin')).toBe(origin)
    }
  })

  it(`answers a deep query with ${expected.deep}`, async () => {
    expect((await server.graphql(reader, deep)).status).toBe(expected.deep)
  })

  it(`answers lists of lists through a variable with ${expected.wide}, and a librarian`, async () => {
    expect((await server.graphql(reader, wide, { n: 50 })).status).toBe(expected.wide)
    expect((await server.graphql(librarian, wide, { n: 50 })).status).toBe(200)
  })

  it(`answers 12 mutations of one reader with ${expected.borrowed.at(-1)} at the end`, async () => {
    const statuses: number[] = []
    for (let count = 0; count < 12; count++) statuses.push((await server.graphql(reader, borrow)).status)
    expect(statuses).toEqual(expected.borrowed)
    expect((await server.graphql(librarian, borrow)).status).toBe(200)
    expect((await server.graphql(reader, '{ books(first: 1) { title } }')).status).toBe(200)
  })

  it('has the 429 of @fastify/rate-limit, by its own store and its own headers', async () => {
    const statuses: number[] = []
    let last: Reply | undefined
    // Two of five logins were those of the tests.
    for (let guess = 0; guess < 4; guess++) {
      last = await server.send('/login', { body: { name: 'ada', password: `guess ${guess}` } })
      statuses.push(last.status)
    }
    expect(statuses).toEqual([401, 401, 401, 429])
    expect(last?.headers.get('x-ratelimit-limit')).toBe('5')
    expect(last?.body).toMatchObject({ error: 'Too Many Requests' })
  })
})

describe('the README', () => {
  it('shows the difference between both files, line by line', () => {
    const hunks = (text: string): string[] =>
      text
        .slice(text.indexOf('@@'))
        .trimEnd()
        .split('\n')
        // What follows the second @@ is a line that git takes for a heading.
        .map((line) => line.replace(/^(@@ .* @@).*$/, '$1'))
    const options = ['diff', '--no-index', '--no-color', '--no-ext-diff', '-U3', 'before.js', 'after.js']
    const real = spawnSync('git', options, { cwd: folder, encoding: 'utf8' })
    expect(real.status).toBe(1)
    const [, shown = ''] = /```diff\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? []
    expect(hunks(shown)).toEqual(hunks(real.stdout))
    expect(hunks(shown).filter((line) => line.startsWith('-'))).toEqual([])
  })
})
