import depthLimit from '@portcullis/depth-limit'
import type { DepthLimitOptions } from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { getIntrospectionQuery, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { requestThrough, SERVERS } from '../doors/servers.ts'
import type { Server } from '../doors/server.ts'
import { accept, messageOf, operation, verdictOf } from './acceptance.ts'
import { depthByAncestors } from './flawed/count-ancestors.ts'

const schema = 'type Query { node: Node } type Node { id: ID node: Node }'
const honest = operation('{ node { id } }')

/** A query whose deepest field is on this level. */
const nested = (depth: number): string => `${'{ node '.repeat(depth - 1)}{ id }${' }'.repeat(depth - 1)}`

/** As deep as a chain of this many fragments, each one field deeper than the one before. */
function chained(fragments: number): string {
  const links = Array.from({ length: fragments }, (_, index) => {
    const next = index + 1 < fragments ? `...F${index + 1}` : 'id'
    return `fragment F${index} on Node { node { ${next} } }`
  })
  return `{ node { ...F0 } } ${links.join(' ')}`
}

interface Setting {
  readonly options?: DepthLimitOptions
  readonly environment?: 'production' | 'development'
  readonly config?: Record<string, unknown>
}

function appWith(server: Server, setting: Setting = {}): (withGate: boolean) => FastifyInstance {
  const { options = {}, environment = 'development', config = {} } = setting
  return (withGate) =>
    server.build({
      schema,
      guarded: withGate,
      config,
      register(app) {
        void app.register(kernel, { environment })
        if (withGate) void app.register(depthLimit, options)
      },
    })
}

describe.each(SERVERS)('$name', (server) => {
  describe('F11: the greatest depth is 10, and standard introspection passes where it is allowed', () => {
    accept('level 10 passes, level 11 does not', {
      build: appWith(server),
      honest,
      async assert(app) {
        expect((await app.inject(operation(nested(10)))).statusCode).toBe(200)
        expect(verdictOf(await app.inject(operation(nested(11))))).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
      },
    })

    accept('standard introspection passes the smallest limit, a query does not', {
      build: appWith(server, { options: { maxDepth: 2 } }),
      honest,
      async assert(app) {
        const everything = getIntrospectionQuery({
          descriptions: true,
          specifiedByUrl: true,
          directiveIsRepeatable: true,
          schemaDescription: true,
          inputValueDeprecation: true,
        })
        const answer = await app.inject(operation(everything))
        expect([answer.statusCode, answer.json<{ errors?: unknown }>().errors]).toEqual([200, undefined])
        expect((await app.inject(operation(nested(3)))).statusCode).toBe(400)
      },
    })

    accept('introspection without end does not pass', {
      build: appWith(server),
      honest,
      async assert(app) {
        const types = `{ __schema { types ${'{ ofType '.repeat(30)}{ name }${' }'.repeat(30)} } }`
        expect(verdictOf(await app.inject(operation(types)))).toEqual([
          400,
          'MAX_INTROSPECTION_DEPTH_EXCEEDED',
        ])
      },
    })
  })

  describe('F14: depth counts through fragments', () => {
    accept('a chain of 60 fragments is as deep as it is', {
      build: appWith(server),
      honest,
      async assert(app) {
        expect(verdictOf(await app.inject(operation(chained(60))))).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
        expect((await app.inject(operation(chained(8)))).statusCode).toBe(200)
        expect((await app.inject(operation(chained(9)))).statusCode).toBe(400)
      },
    })

    accept('inline fragments hide nothing and add nothing', {
      build: appWith(server),
      honest,
      async assert(app) {
        const wrapped = (depth: number): string =>
          `${'{ node { ... on Node { ... '.repeat(depth - 1)}{ id }${' } } }'.repeat(depth - 1)}`
        expect((await app.inject(operation(wrapped(10)))).statusCode).toBe(200)
        expect(verdictOf(await app.inject(operation(wrapped(11))))).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
      },
    })

    accept('a fragment that spreads itself is refused', {
      build: appWith(server),
      honest,
      async assert(app) {
        const cycle = '{ node { ...A } } fragment A on Node { node { ...B } } fragment B on Node { ...A }'
        expect(verdictOf(await app.inject(operation(cycle)))).toEqual([400, 'FRAGMENT_CYCLE'])
      },
    })

    accept('a bomb of 30 fragments, each spreading the next twice, is measured at once', {
      build: appWith(server),
      honest,
      async assert(app) {
        const bomb = Array.from(
          { length: 30 },
          (_, index) =>
            `fragment F${index} on Node { a: node { ...F${index + 1} } b: node { ...F${index + 1} } }`,
        )
        const started = performance.now()
        const answer = await app.inject(
          operation(`{ node { ...F0 } } ${bomb.join(' ')} fragment F30 on Node { id }`),
        )
        expect(verdictOf(answer)).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
        expect(performance.now() - started).toBeLessThan(1_000)
      },
    })

    accept('of several operations the chosen one counts; a name that is none is refused', {
      build: appWith(server),
      honest,
      async assert(app) {
        const both = `query Deep ${nested(20)} query Flat { node { id } }`
        const send = async (name?: string): Promise<unknown> =>
          verdictOf(await app.inject(operation(both, undefined, name)))
        expect(await send('Flat')).toEqual([200, undefined])
        expect(await send('Deep')).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
        expect(await send('Flatt')).toEqual([400, 'UNKNOWN_OPERATION'])
        expect(await send()).toEqual([400, 'UNKNOWN_OPERATION'])
      },
    })

    for (const door of server.doors.filter((one) => one !== 'prepared' && one !== 'hash')) {
      accept(`through ${door} as well`, {
        build: appWith(server),
        honest,
        async assert(app) {
          const answer = await app.inject(requestThrough(door, { query: chained(60) }))
          expect(verdictOf(answer)).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
        },
      })
    }
  })

  describe('F15: MAX_DEPTH_EXCEEDED tells its numbers only where limits may be shown', () => {
    const message = async (app: FastifyInstance): Promise<string | undefined> => {
      const answer = await app.inject(operation(nested(11)))
      expect(verdictOf(answer)).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
      return messageOf(answer)
    }
    const shown = 'Query depth 11 exceeds maximum 10'
    const hidden = 'Query depth exceeds maximum'

    const settings: [string, Setting, string][] = [
      ['shown in development', { environment: 'development' }, shown],
      ['hidden in production', { environment: 'production' }, hidden],
      [
        'shown in production by choice',
        { environment: 'production', options: { exposeLimits: true } },
        shown,
      ],
      ['hidden in development by choice', { options: { exposeLimits: false } }, hidden],
      ['shown on one route by choice', { config: { depthLimit: { exposeLimits: true } } }, shown],
    ]
    for (const [title, setting, expected] of settings) {
      accept(title, {
        build: appWith(server, setting),
        honest,
        assert: async (app) => expect(await message(app)).toBe(expected),
      })
    }
  })
})

describe('F14: the flawed pattern', () => {
  it('counting ancestors within a definition sees no depth in 60 chained fragments', () => {
    const spreadAtOnce = chained(60).replace('{ node { ...F0 } }', '{ ...F0 }')
    expect(depthByAncestors(parse(nested(11)))).toBe(10)
    expect(depthByAncestors(parse(chained(60)))).toBeLessThan(2)
    expect(depthByAncestors(parse(spreadAtOnce))).toBeLessThan(2)
  })
})
