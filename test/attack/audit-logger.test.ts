import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import auditLogger from '@portcullis/audit-logger'
import type { AuditLoggerOptions, AuditRecord } from '@portcullis/audit-logger'
import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import kernel from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import { afterAll, describe, expect, it } from 'vitest'

const { privateKey: signingKey } = generateKeyPairSync('ed25519')
const subjectSecret = 'a secret of at least thirty-two characters'
const made: string[] = []
afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true })
})

const schema = `
  type Query { hello: String  person(email: String): Person }
  type Person { id: ID  friends: [Person] }
  type Mutation { pay(card: String): Boolean  loseTheTrail: String }
`

function build(options: Partial<AuditLoggerOptions> = {}): { app: FastifyInstance; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'audit-attack-'))
  made.push(directory)
  const app = Fastify()
  void app.register(kernel, { environment: 'test' })
  void app.register(auditLogger, { directory, signingKey, subjectSecret, ...options })
  void app.register(graphqlGate)
  void app.register(depthLimit, { maxDepth: 3 })
  const loseTheTrail = (): string => {
    renameSync(join(directory, 'audit.jsonl'), join(directory, 'away.jsonl'))
    return 'the answer'
  }
  void app.register(mercurius, {
    schema,
    resolvers: { Query: { hello: () => 'hello' }, Mutation: { pay: () => true, loseTheTrail } },
    allowBatchedQueries: true,
  })
  return { app, directory }
}

const post = (app: FastifyInstance, payload: object) =>
  app.inject({ method: 'POST', url: '/graphql', payload })

describe('a GraphQL answer that cannot be recorded', () => {
  it('is refused as a GraphQL error, before the operation and after it', async () => {
    const { app } = build({ delivery: 'blocking' })
    const expected = [{ extensions: { code: 'AUDIT_UNAVAILABLE' } }]
    const held = await post(app, { query: 'mutation { loseTheTrail }' })
    expect([held.statusCode, held.json<object>()]).toMatchObject([503, { errors: expected }])
    expect(held.body).not.toContain('the answer')
    const refused = await post(app, { query: '{ hello }' })
    expect([refused.statusCode, refused.json<object>()]).toMatchObject([503, { errors: expected }])
    const batch = await post(app, [{ query: '{ hello }' }, { query: '{ hello }' }])
    expect([batch.statusCode, batch.json<object[]>()]).toMatchObject([
      503,
      [{ errors: expected }, { errors: expected }],
    ])
    await app.close()
  })
})

describe('GraphQL operations', () => {
  const operationsOf = async (app: FastifyInstance, payload: object): Promise<readonly AuditRecord[]> => {
    const answer = await post(app, payload)
    const timeline = await app.audit.timeline(String(answer.headers['x-request-id']))
    return timeline.filter(({ type }) => type === 'graphql.operation')
  }

  it('are recorded one by one, by what they do and without any value', async () => {
    const { app, directory } = build()
    const records = await operationsOf(app, [
      {
        query: `query Greet { secretAlias: hello ...f ... on Query { hello } }
          fragment f on Query { person(email: "ada@example.org") { id } ...f2 }
          fragment f2 on Query { again: hello }`,
        operationName: 'Greet',
      },
      {
        query: 'mutation Pay($c: String) { a: pay(card: $c) b: pay(card: "4111 1111 1111 1111") }',
        variables: { c: 'secret-card' },
      },
    ])
    expect(records.map(({ outcome, details }) => [outcome, details])).toEqual([
      ['allowed', { kind: 'query', operation: 'Greet', fields: ['hello', 'person'] }],
      ['allowed', { kind: 'mutation', operation: 'Pay', fields: ['pay'] }],
    ])
    await app.close()
    expect(readFileSync(join(directory, 'audit.jsonl'), 'utf8')).not.toMatch(/4111|secret|Alias|example\.org/)
  })

  it('that another gate refuses are recorded as refused, with its event and the request', async () => {
    const { app } = build()
    const answer = await post(app, { query: '{ person { friends { friends { friends { id } } } } }' })
    expect(answer.statusCode).toBe(400)
    const timeline = await app.audit.timeline(String(answer.headers['x-request-id']))
    expect(timeline.map(({ type, outcome, reason }) => [type, outcome, reason])).toEqual([
      ['query.depth_exceeded', 'refused', undefined],
      ['graphql.operation', 'refused', 'MAX_DEPTH_EXCEEDED'],
      ['http.request', 'refused', 'MAX_DEPTH_EXCEEDED'],
    ])
    await app.close()
  })

  it('with fragments that name each other are no endless loop', async () => {
    const { app } = build()
    const query = '{ ...a } fragment a on Query { hello ...b } fragment b on Query { ...a }'
    for (const { details } of await operationsOf(app, { query })) {
      expect(details).toMatchObject({ kind: 'query', fields: ['hello'] })
    }
    await app.close()
  })
})
