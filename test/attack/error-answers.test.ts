import { createSigner, createVerifier } from 'fast-jwt'
import * as accessControl from '@portcullis/access-control'
import * as auditLogger from '@portcullis/audit-logger'
import * as authTokens from '@portcullis/auth-tokens'
import { maskInText } from '@portcullis/classification'
import * as depthLimit from '@portcullis/depth-limit'
import * as graphqlGate from '@portcullis/graphql-gate'
import * as inputValidation from '@portcullis/input-validation'
import * as kernel from '@portcullis/kernel'
import { createErrorHandler, errorHandler } from '@portcullis/kernel'
import { startPostgres, startRedis } from '@portcullis/kernel/testing'
import type { PostgresServer, RedisService } from '@portcullis/kernel/testing'
import * as password from '@portcullis/password'
import * as piiMasking from '@portcullis/pii-masking'
import * as queryCost from '@portcullis/query-cost'
import * as safeDb from '@portcullis/safe-db'
import * as userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { Redis } from 'ioredis'
import { jwtVerify } from 'jose'
import { GraphQLError } from 'graphql'
import mercurius from 'mercurius'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestThrough, SERVERS } from '../doors/servers.ts'

const SECRET = 'hunter2-4711'

/** What no answer may hold: SQL, hosts, paths, stacks, values. */
const LEAK = new RegExp(
  String.raw`${SECRET}|select |insert into|accounts|127\.0\.0\.1|localhost|postgres|redis|ioredis|node_modules|/tmp|\.ts\b|\.js\b|\bat \S+ \(|ECONN|ENOTFOUND|SQLSTATE`,
  'i',
)

let postgres: PostgresServer
let redis: RedisService
let pool: pg.Pool
let cache: Redis
const lines: string[] = []

/** An app of which each error is one route. */
function serve(
  environment: 'production' | 'development' = 'production',
  mask?: (text: string) => string,
): FastifyInstance {
  const app = Fastify({
    logger: { level: 'error', stream: { write: (line: string) => void lines.push(line) } },
  })
  void app.register(kernel.kernel, { environment })
  app.setErrorHandler(mask === undefined ? errorHandler : createErrorHandler({ mask }))
  app.setNotFoundHandler(kernel.notFound)
  return app
}

async function answerTo(fail: () => unknown, app = serve()): Promise<LightMyRequestResponse> {
  app.get('/', async () => {
    await fail()
    return 'it did not fail'
  })
  const answer = await app.inject(`/?secret=${SECRET}`)
  await app.close()
  return answer
}

interface Problem {
  readonly status: number
  readonly code: string
  readonly requestId: string
  readonly detail: string
}

function expectProblem(answer: LightMyRequestResponse, status: number, code: string): Problem {
  expect(answer.body).not.toMatch(LEAK)
  expect(JSON.stringify(answer.headers)).not.toMatch(LEAK)
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  const problem = answer.json<Problem>()
  expect([answer.statusCode, problem.status, problem.code], answer.body).toEqual([status, status, code])
  expect(problem.requestId).toBe(answer.headers['x-request-id'])
  return problem
}

beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  pool = new pg.Pool({ connectionString: postgres.url, max: 2 })
  pool.on('error', () => undefined)
  await pool.query(`create table accounts (email text primary key, age int not null check (age > 0));
    insert into accounts values ('${SECRET}', 7)`)
  cache = new Redis(redis.url, { maxRetriesPerRequest: 0 })
  await cache.set('text', SECRET)
})
afterAll(async () => {
  await pool.end()
  cache.disconnect()
  await Promise.all([postgres.stop(), redis.stop()])
})

describe('PostgreSQL', () => {
  it.each<[string, string, unknown[], number, string]>([
    ['a value that is there already', 'insert into accounts values ($1, 1)', [SECRET], 409, 'CONFLICT'],
    [
      'a value that may not be missing',
      'insert into accounts values ($1, null)',
      [`${SECRET}2`],
      400,
      'BAD_USER_INPUT',
    ],
    [
      'a value that a check refuses',
      'insert into accounts values ($1, -1)',
      [`${SECRET}2`],
      400,
      'BAD_USER_INPUT',
    ],
    ['a value of another type', 'insert into accounts values ($1, $2)', ['a', SECRET], 400, 'BAD_USER_INPUT'],
    ['a table that is not there', `select '${SECRET}' from nothing_there`, [], 500, 'INTERNAL_SERVER_ERROR'],
    ['what is no SQL', `selec '${SECRET}'`, [], 500, 'INTERNAL_SERVER_ERROR'],
    [
      'a statement that takes too long',
      `set statement_timeout = 5; select pg_sleep(2), '${SECRET}'`,
      [],
      504,
      'TIMEOUT',
    ],
  ])('%s', async (_what, sql, values, status, code) => {
    expectProblem(
      await answerTo(() => (values.length === 0 ? pool.query(sql) : pool.query(sql, values))),
      status,
      code,
    )
  })

  it.each<[string, pg.ClientConfig]>([
    ['a server that is not there', { host: 'localhost', port: 1, password: SECRET }],
    ['a name that nobody knows', { host: `${SECRET}.invalid` }],
  ])('%s', async (_what, config) => {
    const fail = async (): Promise<void> => {
      const client = new pg.Client(config)
      client.on('error', () => undefined)
      await client.connect()
    }
    expectProblem(await answerTo(fail), 503, 'SERVICE_UNAVAILABLE')
  })

  it('a user that is not known', async () => {
    const { host, port } = postgres
    const fail = (): Promise<unknown> =>
      new pg.Client({ host, port, user: SECRET, password: SECRET, database: SECRET }).connect()
    expectProblem(await answerTo(fail), 503, 'SERVICE_UNAVAILABLE')
  })
})

describe('Redis', () => {
  it.each<[string, () => unknown]>([
    ['a command for another type', () => cache.lpush('text', SECRET)],
    ['a command that is none', () => cache.call(SECRET)],
    ['a script that fails', () => cache.eval(`return redis.error_reply('${SECRET}')`, 0)],
    [
      'a server that is not there',
      async () => {
        const gone = new Redis({
          host: '127.0.0.1',
          port: 1,
          maxRetriesPerRequest: 0,
          password: SECRET,
          lazyConnect: true,
        })
        gone.on('error', () => undefined)
        await gone.get(SECRET).finally(() => gone.disconnect())
      },
    ],
  ])('%s', async (_what, fail) => {
    expectProblem(await answerTo(fail), 503, 'SERVICE_UNAVAILABLE')
  })
})

describe('JWTs', () => {
  const key = 'k'.repeat(32)
  const token = createSigner({ key, algorithm: 'HS256', expiresIn: 1 })({ sub: SECRET, iat: 1 })
  it.each<[string, () => unknown]>([
    ['one that is over', () => createVerifier({ key })(token)],
    ['one of another key', () => createVerifier({ key: 'x'.repeat(32) })(token)],
    ['what is none', () => createVerifier({ key })(SECRET)],
    ['one that is over, by another library', () => jwtVerify(token, Buffer.from(key))],
    ['what is none, by another library', () => jwtVerify(SECRET, Buffer.from(key))],
  ])('%s', async (_what, fail) => {
    const answer = await answerTo(fail)
    expectProblem(answer, 401, 'UNAUTHENTICATED')
    expect(answer.headers['www-authenticate']).toBe('Bearer')
  })
})

describe('the app', () => {
  it.each<[string, () => unknown]>([
    ['an error', () => Promise.reject(new Error(`select '${SECRET}' at /tmp/x.ts`))],
    ['a text', () => Promise.reject(SECRET)],
    ['nothing', () => Promise.reject(null)],
    ['a defect', () => (undefined as unknown as { [SECRET]: () => void })[SECRET]()],
    [
      'an error with a status of its own',
      () => Promise.reject(Object.assign(new Error(SECRET), { statusCode: 502 })),
    ],
    ['a status that is none', () => Promise.reject(Object.assign(new Error(SECRET), { statusCode: 42 }))],
  ])('%s', async (_what, fail) => {
    expectProblem(await answerTo(fail), 500, 'INTERNAL_SERVER_ERROR')
  })

  it('keeps what it says itself to the client', async () => {
    const fail = (): never => {
      throw Object.assign(new Error('This shop is closed on Sundays.'), { statusCode: 409, code: 'CLOSED' })
    }
    const { detail } = expectProblem(await answerTo(fail), 409, 'CLOSED')
    expect(detail).toBe('This shop is closed on Sundays.')
  })
})

describe('Fastify', () => {
  it.each<[string, string, string, number, string]>([
    ['a body that is no JSON', 'application/json', `{"password":"${SECRET}"`, 400, 'BAD_REQUEST'],
    [
      'a body that would change prototypes',
      'application/json',
      `{"__proto__":"${SECRET}"}`,
      400,
      'BAD_REQUEST',
    ],
    ['a body of an unknown type', `application/${SECRET}`, SECRET, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a body that is too large', 'application/json', `"${SECRET.repeat(200)}"`, 413, 'PAYLOAD_TOO_LARGE'],
    [
      'a body that is not as its schema says',
      'application/json',
      `{"age":"${SECRET}"}`,
      400,
      'BAD_USER_INPUT',
    ],
  ])('%s', async (_what, type, payload, status, code) => {
    const app = serve()
    const body = { type: 'object', properties: { age: { type: 'integer' } } }
    app.post('/', { bodyLimit: 1_000, schema: { body } }, () => 'ok')
    const answer = await app.inject({ method: 'POST', url: '/', headers: { 'content-type': type }, payload })
    const problem = expectProblem(answer, status, code)
    if (code === 'BAD_USER_INPUT')
      expect(problem).toMatchObject({ issues: [{ path: '/body/age', code: 'TYPE' }] })
    await app.close()
  })
})

describe('every coded error of every package', () => {
  type Failure = new (...values: string[]) => Error & { readonly code: string; readonly statusCode?: number }
  const packages = {
    accessControl,
    auditLogger,
    authTokens,
    depthLimit,
    graphqlGate,
    inputValidation,
    kernel,
    password,
    piiMasking,
    queryCost,
    safeDb,
    userRateLimit,
  }
  const failures = Object.entries(packages).flatMap(([name, exported]) =>
    Object.values(exported as Record<string, unknown>)
      .filter((one): one is Failure => typeof one === 'function' && one.prototype instanceof Error)
      .map((one): [string, Failure] => [`${name}: ${new one().code}`, one]),
  )

  it('is found', () => expect(failures.length).toBeGreaterThan(80))

  it.each(failures)('%s', async (_name, Failure) => {
    const { statusCode = 500, code } = new Failure()
    // One has a status of 200: it is told within GraphQL answers alone.
    const isTold = statusCode >= 400 && statusCode !== 500
    // The words that are filled in are the app's own, and those of an error of 500 are for nobody else.
    const failure = isTold ? new Failure('', '', '') : new Failure(SECRET, SECRET, SECRET)
    const answer = await answerTo(() => Promise.reject(failure))
    expect(answer.body).not.toMatch(new RegExp(SECRET))
    expect(answer.json<Problem>().code).toBe(isTold ? code : 'INTERNAL_SERVER_ERROR')
    expect(answer.statusCode).toBe(isTold ? statusCode : 500)
  })
})

describe('the log', () => {
  it('has the cause without any message, and the answer has its request id', async () => {
    lines.length = 0
    const cause = new Error(`password=${SECRET}`)
    const answer = await answerTo(() => Promise.reject(new Error(`it is ${SECRET}`, { cause })))
    const line = lines.find((one) => one.includes('a request failed')) ?? ''
    expect(line).toContain(answer.json<Problem>().requestId)
    expect(JSON.parse(line)).toMatchObject({
      failure: { type: 'Error', at: expect.any(Array), cause: { type: 'Error' } },
    })
    expect(lines.join('')).not.toContain(SECRET)
  })

  it('has the message where somebody masks it', async () => {
    lines.length = 0
    const mask = (text: string): string => maskInText(text, (infoType) => `[${infoType}]`)
    await answerTo(
      () => Promise.reject(new Error('no such user: ada.lovelace@example.com')),
      serve('production', mask),
    )
    expect(lines.join('')).toContain('no such user: [EMAIL_ADDRESS]')
    expect(lines.join('')).not.toContain('lovelace')
  })

  it('is where development tells more as well', async () => {
    const answer = await answerTo(() => Promise.reject(new Error(`it is ${SECRET}`)), serve('development'))
    expect(answer.json()).toMatchObject({ status: 500, debug: { message: `it is ${SECRET}` } })
  })
})

describe.each(SERVERS)('a GraphQL route of $name', (server) => {
  const schema = 'type Query { a: Int  told: Int }'
  const build = (environment: 'production' | 'development'): FastifyInstance =>
    server.build({
      schema,
      resolvers: {
        Query: {
          a: () => Promise.reject(new Error(`select '${SECRET}' at /tmp/x.ts`)),
          told: () =>
            Promise.reject(new GraphQLError('It is sold out.', { extensions: { code: 'SOLD_OUT' } })),
        },
      },
      register(app) {
        void app.register(kernel.kernel, { environment })
        void app.register(depthLimit.depthLimit)
        app.setErrorHandler(errorHandler)
        graphqlGate.hideErrors(app)
      },
    })
  const ask = async (app: FastifyInstance): Promise<LightMyRequestResponse> => {
    const answer = await app.inject(requestThrough('post', { query: '{ a told }' }))
    await app.close()
    return answer
  }

  it('tells what has a code, and of all else the request id', async () => {
    const answer = await ask(build('production'))
    expect(answer.body).not.toMatch(LEAK)
    const { errors } = answer.json<{ errors: { message: string; path: string[]; extensions: object }[] }>()
    const of = (field: string) => errors.find(({ path }) => path[0] === field)
    const requestId = answer.headers['x-request-id']
    expect(of('a')?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId })
    expect(of('told')).toMatchObject({ message: 'It is sold out.', extensions: { code: 'SOLD_OUT' } })
  })

  it('answers what fails before the engine runs in the shape of GraphQL', async () => {
    const app = build('production')
    app.addHook('preValidation', async () => Promise.reject(new Error(SECRET)))
    const answer = await ask(app)
    expect(answer.body).not.toMatch(LEAK)
    expect(answer.json()).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] })
  })
})

it('without hiding, an engine tells what a resolver threw', async () => {
  const app = Fastify()
  void app.register(mercurius, {
    schema: 'type Query { a: Int }',
    resolvers: { Query: { a: () => Promise.reject(new Error(SECRET)) } },
  })
  const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ a }' } })
  expect(answer.body).toContain(SECRET)
  await app.close()
})
