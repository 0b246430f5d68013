import type { InjectOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { accept, messageOf, operation, verdictOf } from './acceptance.ts'
import { beginsWithMutation } from './flawed/begins-with-mutation.ts'
import { limitKnownUsers } from './flawed/limit-known-users.ts'
import { get, limitedApp, repeated, statuses } from './limited-app.ts'

const honest = get('/free')
const refused = [429, 'USER_RATE_LIMIT_EXCEEDED']

describe('F20: a GraphQL route has a policy of its own', () => {
  const graphql = {
    policies: {
      graphql: {
        quota: 100,
        window: '60s',
        partitionKey: 'address',
        message: 'GraphQL rate limit exceeded',
      },
    },
  } as const

  accept('100 requests in 60 s, and no other route is counted', {
    build: limitedApp({ options: {}, routes: { '/items': {} }, graphql }),
    honest: operation('{ hello }'),
    async assert(app) {
      expect(await statuses(app, 99, operation('{ hello }'))).toEqual(repeated(200, 99))
      const answer = await app.inject(operation('{ hello }'))
      expect(verdictOf(answer)).toEqual(refused)
      expect(messageOf(answer)).toBe('GraphQL rate limit exceeded')
      expect(answer.json()).toMatchObject({ errors: [{ extensions: { policy: 'graphql' } }] })
      expect((await app.inject(get('/items'))).statusCode).toBe(200)
      expect(
        (await app.inject({ ...operation('{ hello }'), remoteAddress: '198.51.100.7' })).statusCode,
      ).toBe(200)
    },
  })
})

describe('F23: mutations have a policy of their own, decided from the parsed operation', () => {
  const options = {
    policies: {
      mutations: { quota: 20, window: '60s', when: 'mutation', message: 'Mutation rate limit exceeded' },
    },
  } as const
  const disguises: readonly [string, InjectOptions][] = [
    ['plain', operation('mutation { touch }')],
    ['after a comment', operation('# query\nmutation { touch }')],
    ['after a comma', operation(',mutation { touch }')],
    ['after a fragment', operation('fragment F on Mutation { touch } mutation { ...F }')],
    ['after a query', operation('query Q { hello } mutation M { touch }', undefined, 'M')],
    ['under an alias', operation('mutation { hello: touch }')],
  ]

  it('the flawed pattern takes a mutation for a query after a comment, a comma, a fragment or a query', () => {
    const queryOf = (request: InjectOptions): string => (request.payload as { query: string }).query
    const taken = disguises.map(([how, request]) => [how, beginsWithMutation(queryOf(request))])
    expect(taken).toEqual([
      ['plain', true],
      ['after a comment', false],
      ['after a comma', false],
      ['after a fragment', false],
      ['after a query', false],
      ['under an alias', true],
    ])
  })

  for (const [how, mutation] of disguises) {
    accept(`20 in 60 s, ${how}; queries are POST too and are not counted`, {
      build: limitedApp({ options, graphql: {} }),
      honest: operation('{ hello }'),
      async assert(app) {
        expect(await statuses(app, 20, mutation)).toEqual(repeated(200, 20))
        const answer = await app.inject(mutation)
        expect(verdictOf(answer)).toEqual(refused)
        expect(messageOf(answer)).toBe('Mutation rate limit exceeded')
        expect(await statuses(app, 30, operation('{ hello }'))).toEqual(repeated(200, 30))
      },
    })
  }

  accept('all disguises share one quota, and each mutation of a batch counts', {
    build: limitedApp({ options, graphql: {} }),
    honest: operation('{ hello }'),
    async assert(app) {
      for (const [, mutation] of disguises) await app.inject(mutation)
      const payload = Array.from({ length: 7 }, () => ({ query: 'mutation { touch }' }))
      const batch: InjectOptions = { method: 'POST', url: '/graphql', payload }
      expect((await app.inject(batch)).statusCode).toBe(200)
      const tooMany = await app.inject({ ...batch, payload: [...payload, { query: 'mutation { touch }' }] })
      expect(verdictOf(tooMany)).toEqual(refused)
      expect((await app.inject(batch)).statusCode).toBe(200)
      expect(verdictOf(await app.inject(operation('mutation { touch }')))).toEqual(refused)
    },
  })
})

describe('F27: logging out does not lift a limit', () => {
  const policies = { perUser: { quota: 3, window: '60s' } } as const
  const alice = get('/items', { user: 'alice', address: '203.0.113.5' })
  const loggedOut = get('/items', { address: '203.0.113.5' })

  it('the flawed pattern limits nobody who shows no user', () => {
    const admits = limitKnownUsers(3)
    expect([1, 2, 3, 4].map(() => admits('alice'))).toEqual([true, true, true, false])
    expect([1, 2, 3, 4, 5].map(() => admits(undefined))).toEqual([true, true, true, true, true])
  })

  accept('without a user the address is limited', {
    build: limitedApp({ options: { policies }, routes: { '/items': {} } }),
    honest,
    async assert(app) {
      expect(await statuses(app, 4, alice)).toEqual([200, 200, 200, 429])
      expect(await statuses(app, 50, loggedOut)).toEqual([200, 200, 200, ...repeated(429, 47)])
      expect((await app.inject(alice)).statusCode).toBe(429)
      expect((await app.inject(get('/items', { address: '203.0.113.6' }))).statusCode).toBe(200)
    },
  })

  accept('or refused where the policy denies the unknown', {
    build: limitedApp({
      options: { policies: { perUser: { ...policies.perUser, anonymous: 'deny' } } },
      routes: { '/items': {} },
    }),
    honest,
    async assert(app) {
      const answer = await app.inject(loggedOut)
      expect(verdictOf(answer)).toEqual([401, 'UNAUTHENTICATED'])
      expect(answer.headers['www-authenticate']).toBe('Bearer')
      expect((await app.inject(alice)).statusCode).toBe(200)
    },
  })

  accept('and only skipped where the policy says so, for the unknown alone', {
    build: limitedApp({
      options: { policies: { perUser: { ...policies.perUser, anonymous: 'skip' } } },
      routes: { '/items': {} },
    }),
    honest,
    async assert(app) {
      expect(await statuses(app, 10, loggedOut)).toEqual(repeated(200, 10))
      expect(await statuses(app, 4, alice)).toEqual([200, 200, 200, 429])
    },
  })
})
