import depthLimit from '@portcullis/depth-limit'
import { afterEach, describe, expect, it } from 'vitest'
import type { FastifyInstance } from 'fastify'
import { codeOf, requestThrough, SERVERS } from './servers.ts'

const schema = `
  type Query { a(first: Int, of: One): Int users(first: Int!): [User] }
  input One @oneOf { id: ID name: String }
  type User { id: ID }
`
const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const INVALID = 'GRAPHQL_VALIDATION_FAILED'
const INPUT = 'BAD_USER_INPUT'

describe.each(SERVERS)('$name says as every other server:', (server) => {
  it.each([
    ['query ($x: Int) { a }', {}, INVALID],
    ['query Q($x: Int) { a }', { x: 1 }, INVALID],
    ['{ a(first: $x) }', {}, INVALID],
    ['query Q { a(first: $x) }', { x: 1 }, INVALID],
    ['query ($x: String) { a(first: $x) }', { x: 'y' }, INVALID],
    ['query ($x: Int) { users(first: $x) { id } }', { x: 1 }, INVALID],
    ['query ($x: User) { a(first: $x) }', {}, INVALID],
    ['{ nothing }', {}, INVALID],
    ['query ($x: Int) { a(first: $x) }', { x: 'y' }, INPUT],
    ['query ($x: Int!) { a(first: $x) }', {}, INPUT],
    ['query ($x: Int!) { a(first: $x) }', { x: null }, INPUT],
    ['query ($x: One) { a(of: $x) }', { x: { id: 1, name: 'y' } }, INPUT],
  ])('%s with %j is %s', async (query, variables, code) => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit) })
    apps.push(app)
    const { body } = await app.inject(requestThrough('post', { query, variables }))
    expect(codeOf(body), body).toBe(code)
  })

  it('an operation name that is empty is none', async () => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit) })
    apps.push(app)
    const one = await app.inject(requestThrough('post', { query: '{ a }', operationName: '' }))
    expect(['OPERATION_RESOLUTION_FAILURE', undefined], one.body).toContain(codeOf(one.body))
    const two = await app.inject(
      requestThrough('post', { query: 'query A { a } query B { a }', operationName: '' }),
    )
    expect(codeOf(two.body), two.body).toBe('UNKNOWN_OPERATION')
  })
})
