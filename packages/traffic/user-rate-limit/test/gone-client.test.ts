import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { buildSchema, graphql } from 'graphql'
import { describe, expect, it } from 'vitest'
import { gateApps } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'

const apps = gateApps()
const schema = buildSchema('type Query { me: String } type Mutation { pay: String }')

describe.each<StoreKind>(['memory', 'redis'])(
  'a client that goes before its operations run, with %s',
  (kind) => {
    it('is charged nothing, and they do not run', async () => {
      let decided: () => void = () => undefined
      let ran = 0
      let slow = true
      let began: () => void = () => undefined
      const waiting = new Promise<void>((resolve) => {
        began = resolve
      })
      const gone = new Promise<void>((resolve) => {
        decided = resolve
      })
      const app = apps.build({
        ...apps.store(kind),
        policies: {
          mutations: {
            quota: 2,
            window: '1m',
            when: 'mutation',
            skip: async (request) => {
              if (!slow) return false
              began()
              await once(request.raw.socket, 'close')
              decided()
              return false
            },
          },
        },
      })
      app.post<{ Body: { query: string } }>('/graphql', { config: { graphql: { schema } } }, ({ body }) =>
        graphql({ schema, source: body.query, rootValue: { pay: () => String((ran += 1)) } }),
      )
      await app.listen({ port: 0, host: '127.0.0.1' })
      const events = apps.eventsOf(app)
      const payload = JSON.stringify({ query: 'mutation { pay }' })
      const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
      socket.write(
        `POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${payload.length}\r\n\r\n${payload}`,
      )
      await waiting
      socket.destroy()
      await gone
      await expect
        .poll(() => events.map(({ details }) => (details as { code: string }).code))
        .toEqual(['CLIENT_CLOSED_REQUEST'])
      expect(ran).toBe(0)
      slow = false
      const send = async (): Promise<number> =>
        (await app.inject({ method: 'POST', url: '/graphql', payload: { query: 'mutation { pay }' } }))
          .statusCode
      expect([await send(), await send(), await send()]).toEqual([200, 200, 429])
    })
  },
)
