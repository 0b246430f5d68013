import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import type { Environment } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { buildSchema, parse, validate } from 'graphql'
import { afterEach, describe, expect, it } from 'vitest'
import { requestThrough, SERVERS } from './servers.ts'
import type { DoorName, Operation, Server } from './server.ts'

const schema = `
  enum Colour { CRIMSON TEAL }
  input Filter { colour: Colour size: Int tags: [String!] }
  type Query { items(first: Int, colour: Colour, filter: Filter, id: ID, on: Boolean, price: Float, name: String): [Item] }
  type Item { title: String parts: [Item] }
  type Mutation { touch(name: String): Int }
`
const SENT = 'sent4711'
const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

function build(server: Server, environment: Environment): FastifyInstance {
  const app = server.build({
    schema,
    register(instance) {
      void instance.register(kernel, { environment })
      void instance.register(depthLimit)
    },
  })
  apps.push(app)
  return app
}

async function send(app: FastifyInstance, operation: Operation, door: DoorName = 'post'): Promise<string> {
  const answer = await app.inject(requestThrough(door, operation))
  expect(answer.body, JSON.stringify(operation)).toContain('errors')
  return answer.body
}

/** Misspelt names that graphql-js knows a better word for, with that word. */
const suggestions: readonly (readonly [query: string, word: string])[] = [
  ['{ itemz { title } }', 'items'],
  ['{ items { titel } }', 'title'],
  ['{ items(frst: 1) { title } }', 'first'],
  ['{ items(colour: CRIMSONN) { title } }', 'CRIMSON'],
  ['{ items(colour: "TEAL") { title } }', 'TEAL'],
  ['{ items(filter: { colr: TEAL }) { title } }', 'colour'],
  ['{ items(filter: { colour: TEEL }) { title } }', 'TEAL'],
  ['query ($v: Filterr) { items(filter: $v) { title } }', 'Filter'],
  ['{ ...f } fragment f on Itemm { title }', 'Item'],
  ['{ items @skip(iff: true) { title } }', '\\"if\\"'],
  ['{ items }', '{ ... }'],
]

const variables: readonly (readonly [type: string, argument: string, value: unknown])[] = [
  ['Int', 'first', SENT],
  ['Int!', 'first', { [SENT]: SENT }],
  ['Float', 'price', SENT],
  ['Boolean', 'on', SENT],
  ['ID', 'id', { [SENT]: 1 }],
  ['String', 'name', [SENT]],
  ['Colour', 'colour', SENT],
  ['Colour', 'colour', `TEAL${SENT}`],
  ['Filter', 'filter', SENT],
  ['Filter', 'filter', { size: SENT }],
  ['Filter', 'filter', { colour: SENT }],
  ['Filter', 'filter', { tags: ['a', { [SENT]: SENT }] }],
  ['Filter', 'filter', { [SENT]: 1 }],
]

const literals = [
  `{ items(first: "${SENT}") { title } }`,
  `{ items(on: "${SENT}") { title } }`,
  `{ items(price: "${SENT}") { title } }`,
  `{ items(id: {a: "${SENT}"}) { title } }`,
  `{ items(colour: ${SENT}) { title } }`,
  `{ items(colour: "${SENT}") { title } }`,
  `{ items(filter: "${SENT}") { title } }`,
  `{ items(filter: {size: "${SENT}"}) { title } }`,
  `{ items(filter: {tags: [1, "${SENT}"]}) { title } }`,
  `query ($v: Int = "${SENT}") { items(first: $v) { title } }`,
  `{ items(name: ${SENT}) { title } }`,
  `{ items "${SENT}" }`,
  `{ items(name: "${SENT}`,
  `{ items(name: "\\x${SENT}") }`,
]

describe.each(SERVERS)('$name', (server) => {
  it.each(suggestions)('%s suggests nothing in production', async (query) => {
    const body = await send(build(server, 'production'), { query })
    expect(body).not.toContain('Did you mean')
  })

  it('suggests in development, where values do not come back either', async () => {
    const app = build(server, 'development')
    const echoing = 'query ($v: Int) { items(first: $v) { title } }'
    expect(await send(app, { query: echoing, variables: { v: SENT } })).not.toContain(SENT)
    for (const [query, word] of suggestions) {
      // Where graphql 17 puts the value behind the suggestion, both go.
      const [error] = validate(buildSchema(schema), parse(query))
      if (error?.message.endsWith('?') !== true) continue
      const body = await send(app, { query })
      expect(body).toContain('Did you mean')
      expect(body).toContain(word)
    }
  })

  it.each(variables)('a wrong %s for %s does not come back: %j', async (type, argument, value) => {
    const query = `query ($v: ${type}) { items(${argument}: $v) { title } }`
    const doors = server.doors.filter(
      (door) => door !== 'prepared' && door !== 'hash' && door !== 'application/graphql',
    )
    const app = build(server, 'production')
    for (const door of doors) {
      const body = await send(app, { query, variables: { v: value } }, door)
      expect(body).not.toContain(SENT)
      expect(body).not.toMatch(/CRIMSON|TEAL/)
    }
  })

  it.each(literals)('a wrong literal does not come back: %s', async (query) => {
    const body = await send(build(server, 'production'), { query })
    expect(body).not.toContain(SENT)
    expect(body).not.toMatch(/CRIMSON|TEAL/)
  })

  it('a mutation in the URL is refused, and runs in a body', async () => {
    const app = build(server, 'production')
    const query = 'mutation { touch }'
    const refused = await app.inject(requestThrough('get', { query }))
    expect([refused.statusCode, refused.headers['allow']]).toEqual([405, 'POST'])
    expect((await app.inject(requestThrough('post', { query }))).statusCode).toBe(200)
  })
})
