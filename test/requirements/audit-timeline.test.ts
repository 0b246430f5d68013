import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import auditLogger from '@portcullis/audit-logger'
import type { AuditRecord } from '@portcullis/audit-logger'
import kernel from '@portcullis/kernel'
import type { GateFacts } from '@portcullis/kernel'
import { startPostgres } from '@portcullis/kernel/testing'
import type { PostgresServer } from '@portcullis/kernel/testing'
import piiMasking from '@portcullis/pii-masking'
import queryCost from '@portcullis/query-cost'
import safeDb, { sql } from '@portcullis/safe-db'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import mercurius from 'mercurius'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'

const trail = mkdtempSync(join(tmpdir(), 'audit-timeline-'))
const { privateKey: signingKey } = generateKeyPairSync('ed25519')
const schema = `
  type Query { people: [Person] broken: Int }
  type Person { id: ID email: String }
`

let server: PostgresServer
let app: FastifyInstance

beforeAll(async () => {
  server = await startPostgres()
  app = Fastify()
  void app.register(kernel, {
    environment: 'test',
    identify: ({ headers: { role } }) => ({ id: 'ada', roles: role === undefined ? [] : [String(role)] }),
  })
  const subjectSecret = 'a secret of at least thirty-two characters'
  void app.register(auditLogger, { directory: trail, signingKey, subjectSecret })
  void app.register(userRateLimit, { policies: { perUser: { quota: 3, window: '1m' } } })
  void app.register(queryCost, { maxCost: 100 })
  void app.register(piiMasking, {
    classify: { 'Person.email': 'EMAIL_ADDRESS' },
    policy: { EMAIL_ADDRESS: { admin: 'raw', '*': 'partial' } },
  })
  void app.register(safeDb, { dsn: server.url, tls: 'disable' })
  const people = async (_root: unknown, _args: unknown, context: object) => {
    const { request } = context as { request: FastifyRequest }
    return request.db.query(sql`select '1' as id, ${'ada@example.org'}::text as email`)
  }
  const broken = (_root: unknown, _args: unknown, context: object) =>
    (context as { request: FastifyRequest }).request.db.query(sql`select 1 / 0`)
  void app.register(mercurius, {
    schema,
    resolvers: { Query: { people, broken } },
    context: (request) => ({ request }),
  })
  app.get('/plain', () => 'hello')
  await app.ready()
})
afterAll(async () => {
  await app.close()
  await server.stop()
  rmSync(trail, { recursive: true, force: true })
})

async function timelineOf(
  query: string,
  role?: string,
): Promise<{ status: number; timeline: readonly AuditRecord[] }> {
  const answer = await app.inject({
    method: 'POST',
    url: '/graphql',
    payload: { query },
    headers: role === undefined ? {} : { role },
  })
  const timeline = await app.audit.timeline(String(answer.headers['x-request-id']))
  return { status: answer.statusCode, timeline }
}

describe('the timeline of a request', () => {
  it('tells limit, cost, masks, SQL and status, without any value', async () => {
    const { timeline } = await timelineOf('{ people { id email } }')
    expect(timeline.map(({ type }) => type)).toEqual(['db.query', 'graphql.operation', 'http.request'])
    const [statement, operation, end] = timeline
    expect(operation?.details).toEqual({ kind: 'query', fields: ['people'] })
    expect(statement?.details).toMatchObject({ kind: 'select', rows: 1 })
    expect(end).toMatchObject({
      outcome: 'succeeded',
      request: { status: 200, completed: true },
      facts: {
        limits: [{ policy: 'perUser', quota: 3, remaining: 2, violated: false }],
        cost: expect.any(Number) as number,
        pii: { masked: 1, revealed: 0, infoTypes: ['EMAIL_ADDRESS'] },
        queries: { count: 1, failed: 0, milliseconds: expect.any(Number) as number },
      },
    })
    expect(JSON.stringify(timeline)).not.toContain('example.org')
  })

  it('tells what was revealed, and what failed', async () => {
    const { timeline } = await timelineOf('{ people { id email } broken }', 'admin')
    expect(timeline.map(({ type, outcome }) => [type, outcome])).toEqual(
      expect.arrayContaining([
        ['db.query', 'succeeded'],
        ['db.query', 'failed'],
        ['pii.revealed', 'allowed'],
        ['http.request', 'succeeded'],
      ]),
    )
    expect(timeline.at(-1)?.facts).toMatchObject({
      pii: { masked: 0, revealed: 1, infoTypes: ['EMAIL_ADDRESS'] },
      queries: { count: 2, failed: 1 },
    })
  })

  it('tells which limit refused', async () => {
    await timelineOf('{ people { id } }')
    const { status, timeline } = await timelineOf('{ people { id } }')
    expect(status).toBe(429)
    const end = timeline.at(-1)
    expect(end).toMatchObject({ outcome: 'refused', reason: 'USER_RATE_LIMIT_EXCEEDED' })
    expect(end?.facts?.limits).toMatchObject([{ policy: 'perUser', violated: true }])
    expect(end?.facts?.queries).toBeUndefined()
  })

  it('reads what the gates themselves say', () => {
    expectTypeOf<FastifyRequest>().toExtend<GateFacts>()
  })
})
