import accessControl, { ownedBy } from '@portcullis/access-control'
import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import type { IdentifiedAs } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import {
  chooser,
  expectedOf,
  optionsOf,
  randomCaller,
  randomQuery,
  randomRules,
  ROLES,
  ROOT,
  sdlOf,
} from './access-queries.ts'
import type { Rule } from './access-queries.ts'
import { requestThrough, SERVERS } from './servers.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_130)
const runs = Number(process.env['PORTCULLIS_RUNS'] ?? 1)
const POLICIES = 10
const QUERIES = 20

const resolvers = {
  Query: Object.fromEntries(Object.entries(ROOT).map(([name, value]) => [name, () => value])),
}

function register(app: FastifyInstance, rules: readonly Rule[]): void {
  void app.register(kernel, {
    environment: 'test',
    identify: ({ headers }) => {
      const who = headers['x-who']
      return typeof who === 'string' ? (JSON.parse(who) as IdentifiedAs) : null
    },
  })
  void app.register(depthLimit, { maxDepth: 50, maxAliases: 5_000 })
  void app.register(accessControl, {
    roles: ROLES,
    scopes: { self: ownedBy('userId') },
    graphql: optionsOf(rules),
  })
}

interface Answer {
  readonly data: unknown
  readonly errors?: readonly {
    readonly path: readonly unknown[]
    readonly extensions?: { readonly code?: string }
  }[]
}

function seenIn({ data, errors = [] }: Answer): unknown {
  return {
    data,
    denied: errors
      .map(
        ({ path, extensions }) =>
          `${path.join('.')}${extensions?.code === 'FIELD_AUTHORIZATION_ERROR' ? '' : '?'}`,
      )
      .sort(),
  }
}

describe.each(SERVERS)('$name', (server) => {
  // 10,000 queries in the deep tier, which has 50 times the runs; the same ones for each server.
  it(
    `answers ${POLICIES * QUERIES * runs} random queries as walking them by hand says, and so as every other server`,
    { timeout: 3_000_000 },
    async () => {
      let denied = 0
      for (let round = 0; round < POLICIES * runs; round++) {
        const choose = chooser(seed + round)
        const rules = randomRules(choose)
        const app = server.build({
          schema: sdlOf(rules),
          resolvers,
          register: (instance) => register(instance, rules),
        })
        for (let time = 0; time < QUERIES; time++) {
          const query = randomQuery(choose)
          const caller = randomCaller(choose)
          const expected = expectedOf(query, rules, caller)
          denied += expected.denied.length
          const request = requestThrough('post', { query: query.text })
          const who = caller === undefined ? {} : { 'x-who': JSON.stringify(caller) }
          const answer = await app.inject({ ...request, headers: { ...request.headers, ...who } })
          const where = `seed ${seed + round}, ${query.text} as ${JSON.stringify(caller)}`
          expect(seenIn(answer.json<Answer>()), where).toEqual(expected)
        }
        await app.close()
      }
      console.log(`${POLICIES * QUERIES * runs} answers, ${denied} fields denied, seed ${seed}`)
      expect(denied).toBeGreaterThan(POLICIES * QUERIES)
    },
  )
})
