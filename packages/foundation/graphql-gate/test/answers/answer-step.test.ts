import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { addAnswerStep, addExtensions, useGraphqlGate } from '../../src/index.ts'
import type { AnswerStep } from '../../src/index.ts'

const graphql = { schema: buildSchema('type Query { a: Int }') }

function declare(app: FastifyInstance, url: string, name: string, run: AnswerStep['run']): void {
  void app.register(async (scope) => {
    useGraphqlGate(scope, 'test')
    addAnswerStep(scope, { name, run })
    scope.post(url, { config: { graphql } }, ({ body }) => {
      const one = { data: { a: 1 }, extensions: { own: true } }
      return Array.isArray(body) ? body.map(() => one) : one
    })
  })
}

const ask = async (app: FastifyInstance, url: string, payload: object): Promise<unknown> =>
  (await app.inject({ method: 'POST', url, payload })).json()

describe('an answer step', () => {
  it('sees each answer with its place, and can add extensions', async () => {
    const seen: unknown[] = []
    const app = Fastify()
    declare(app, '/graphql', 'one', ({ request, index, payload }) => {
      seen.push([index, payload['data']])
      addExtensions(request, index, { place: index })
      return undefined
    })
    const query = { query: '{ a }' }
    expect(await ask(app, '/graphql', query)).toEqual({
      data: { a: 1 },
      extensions: { own: true, place: 0 },
    })
    expect(await ask(app, '/graphql', [query, query])).toMatchObject([
      { extensions: { place: 0 } },
      { extensions: { place: 1 } },
    ])
    expect(seen).toEqual([0, 0, 1].map((index) => [index, { a: 1 }]))
    await app.close()
  })

  it('can answer with something else, which the steps after it see', async () => {
    const app = Fastify()
    void app.register(async (scope) => {
      addAnswerStep(scope, { name: 'b', run: ({ payload }) => ({ data: [payload['data']] }) })
      declare(scope, '/graphql', 'a', () => ({ data: null }))
    })
    expect(await ask(app, '/graphql', { query: '{ a }' })).toEqual({ data: [null] })
    await app.close()
  })

  it('of an inner scope replaces that of an outer one with its name, and holds nowhere else', async () => {
    const app = Fastify()
    addAnswerStep(app, { name: 'one', run: () => ({ data: 'outer' }) })
    declare(app, '/inner', 'one', () => ({ data: 'inner' }))
    declare(app, '/other', 'two', () => undefined)
    expect(await ask(app, '/inner', { query: '{ a }' })).toEqual({ data: 'inner' })
    expect(await ask(app, '/other', { query: '{ a }' })).toEqual({ data: 'outer' })
    await app.close()
  })
})
