import { graphqlGate } from '@portcullis/graphql-gate'
import depthLimit from '@portcullis/depth-limit'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'

interface Answer {
  readonly data: { readonly login?: string | null } | null
  readonly errors?: readonly { readonly extensions?: Readonly<Record<string, unknown>> }[]
}

function loginApp(): { readonly app: FastifyInstance; readonly checks: () => number } {
  let checks = 0
  const app = Fastify()
  void app.register(userRateLimit)
  void app.register(depthLimit)
  void app.register(graphqlGate)
  void app.register(mercurius, {
    schema: 'type Query { me: String } type Mutation { login(email: String, password: String): String }',
    allowBatchedQueries: true,
    resolvers: {
      Mutation: {
        login: async (_root, { email, password }: Record<string, string>, { reply }) => {
          const check = (): string | undefined => {
            checks += 1
            return password === 'right' ? 'welcome' : undefined
          }
          return (await app.userRateLimit.guardLogin(reply.request, { account: email }, check)).value
        },
      },
    },
  })
  return { app, checks: () => checks }
}

const post = async (app: FastifyInstance, payload: object): Promise<Answer> =>
  (await app.inject({ method: 'POST', url: '/graphql', payload })).json<Answer>()

describe('guardLogin in a resolver', () => {
  it('tells its codes and the wait in extensions, and admits no more guesses by aliases and batches', async () => {
    const { app, checks } = loginApp()
    const guess = 'login(email: "ada", password: "x")'
    const ok = await post(app, { query: 'mutation { login(email: "ada", password: "right") }' })
    expect(ok.data).toEqual({ login: 'welcome' })
    const aliased = await post(app, { query: `mutation { a: ${guess} b: ${guess} c: ${guess} }` })
    expect(aliased.errors?.map(({ extensions }) => extensions?.['code'])).toEqual(
      Array.from({ length: 3 }, () => 'LOGIN_FAILED'),
    )
    await post(
      app,
      Array.from({ length: 4 }, () => ({ query: `mutation { ${guess} }` })),
    )
    expect(checks()).toBe(1 + 5)
    const refused = await post(app, { query: 'mutation { login(email: " ADA", password: "right") }' })
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'USER_RATE_LIMIT_EXCEEDED' })
    expect(Number(refused.errors?.[0]?.extensions?.['retryAfter'])).toBeGreaterThan(290)
    expect(checks()).toBe(1 + 5)
    await app.close()
  })
})
