import { setTimeout as wait } from 'node:timers/promises'
import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import type { GraphqlGateOptions } from '@portcullis/graphql-gate'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf, requestThrough, SERVERS } from './servers.ts'
import type { Server } from './server.ts'

const schema = `
  type Query { quick: Int hangs: Int hangsInList: [Int] busy: [Row] slow: Slow }
  type Row { value: Int }
  type Slow { hangs: Int after: Int }
`
const apps: FastifyInstance[] = []
const never = (): Promise<never> => new Promise(() => undefined)

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

/** Keeps the process busy, so that no timer runs. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

interface Built {
  readonly app: FastifyInstance
  readonly events: SecurityEvent[]
  readonly ran: Record<string, number>
  /** Resolves once the slow resolver is through, which the timeout does not stop. */
  readonly slowIsThrough: () => Promise<unknown>
}

function build(server: Server, options: GraphqlGateOptions): Built {
  const events: SecurityEvent[] = []
  const ran: Record<string, number> = { value: 0, after: 0 }
  const slow = { hangs: never, after: () => (ran['after'] = (ran['after'] ?? 0) + 1) }
  const row = {
    value() {
      ran['value'] = (ran['value'] ?? 0) + 1
      work(5)
      return 1
    },
  }
  let through: Promise<unknown> = Promise.resolve()
  const app = server.build({
    schema,
    resolvers: {
      Query: {
        quick: () => 1,
        hangs: never,
        hangsInList: () => [never(), 1],
        busy: () => Array.from({ length: 1000 }, () => row),
        slow: () => (through = wait(150, slow)),
      },
    },
    register(instance) {
      void instance.register(kernel, { environment: 'production' })
      void instance.register(graphqlGate, options)
      void instance.register(depthLimit, { maxDepth: 5 })
      instance.addHook('onReady', (done) => {
        instance.securityEvents.subscribe((event) => void events.push(event))
        done()
      })
    },
  })
  apps.push(app)
  return { app, events, ran, slowIsThrough: () => through }
}

const timedOut = {
  errors: [{ message: 'The operation took too long.', extensions: { code: 'EXECUTION_TIMEOUT' } }],
}

describe.each(SERVERS)('$name', (server) => {
  it.each(['{ quick hangs }', '{ hangsInList }', '{ slow { after } }'])('ends %s', async (query) => {
    const { app, events, ran, slowIsThrough } = build(server, { executionTimeout: 60 })
    const answer = await app.inject(requestThrough('post', { query }))
    expect([answer.statusCode, answer.json()]).toEqual([503, timedOut])
    expect(events.map(({ details }) => details)).toMatchObject([{ code: 'EXECUTION_TIMEOUT' }])
    await slowIsThrough()
    await wait(0)
    expect(ran['after']).toBe(0)
  })

  it('ends what keeps the process busy, where no timer can', async () => {
    const { app, events, ran } = build(server, { executionTimeout: '100ms' })
    const answer = await app.inject(requestThrough('post', { query: '{ busy { value } }' }))
    expect([answer.statusCode, answer.json()]).toEqual([503, timedOut])
    expect(events).toHaveLength(1)
    expect(ran['value']).toBeLessThan(40)
  })

  it('answers the entries of a batch that were in time', async () => {
    const { app } = build(server, { executionTimeout: 60 })
    const payload = [{ query: '{ quick }' }, { query: '{ hangs }' }]
    const answer = await app.inject({ method: 'POST', url: '/graphql', payload })
    expect(answer.json()).toEqual([{ data: { quick: 1 } }, timedOut])
  })

  it('has the status 200 where legacyStatus asks for it, and lets go what is in time', async () => {
    const { app, events } = build(server, { executionTimeout: 60, legacyStatus: true })
    const late = await app.inject(requestThrough('post', { query: '{ hangs }' }))
    expect([late.statusCode, codeOf(late.body)]).toEqual([200, 'EXECUTION_TIMEOUT'])
    const quick = await app.inject(requestThrough('post', { query: '{ quick }' }))
    expect([quick.statusCode, quick.json()]).toEqual([200, { data: { quick: 1 } }])
    expect(events).toHaveLength(1)
  })
})
