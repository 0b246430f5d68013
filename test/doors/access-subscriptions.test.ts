import accessControl, { ownedBy } from '@portcullis/access-control'
import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { describe, expect, it } from 'vitest'
import type { Server } from './server.ts'
import { SERVERS } from './servers.ts'
import { codeIn, connect, listen } from './sockets.ts'

const schema = `
  directive @auth(requires: String, role: String, onDenied: String, personal: Boolean) on OBJECT | INTERFACE | FIELD_DEFINITION
  type Query { name: String @auth(requires: "names:read") }
  type Subscription { order(userId: ID): Order @auth(requires: "orders:read") }
  type Order { userId: ID  total: Int @auth(requires: "totals:read") }
`

/** A socket of somebody with a role, and what the server did for it. */
async function connectedAs(server: Server, given: string | undefined) {
  let started = 0
  let role = given
  const events: SecurityEvent[] = []
  const app = server.build({
    schema,
    sockets: true,
    resolvers: {
      Query: { name: () => 'a name' },
      Subscription: {
        async *order() {
          started += 1
          yield { order: { userId: 'ada', total: 1 } }
          yield { order: { userId: 'bob', total: 2 } }
        },
      },
    },
    register(instance) {
      void instance.register(kernel, {
        environment: 'test',
        identify: () => (role === undefined ? null : { id: 'ada', roles: [role] }),
      })
      void instance.register(depthLimit)
      void instance.register(accessControl, {
        roles: {
          reader: ['orders:read', 'totals:read:self', 'names:read'],
          owner: ['orders:read:self'],
          other: [],
        },
        scopes: {
          // Where a subscription starts there is no object yet, so its arguments say what it is about.
          self: (request, resource, field) =>
            resource === undefined || resource === null || !('userId' in Object(resource))
              ? field?.args['userId'] === request.principal.id
              : ownedBy('userId')(request, resource),
        },
      })
      instance.after(() => void instance.securityEvents.subscribe((event) => void events.push(event)))
    },
  })
  const client = await connect(await listen(app, server.socketPath))
  const end = async (): Promise<void> => {
    await client.close()
    await app.close()
  }
  const become = (other: string): void => void (role = other)
  return { client, events, started: () => started, become, end }
}

describe.each(SERVERS)('$name', (server) => {
  it.each(['other', undefined])('starts no subscription for %s, nor runs what else may not', async (role) => {
    const { client, events, started, end } = await connectedAs(server, role)
    const refused = await client.run({ query: 'subscription { a: order { userId } }' })
    expect([codeIn(refused), started()]).toEqual(['FIELD_AUTHORIZATION_ERROR', 0])
    const query = await client.run({ query: '{ name }' })
    expect(codeIn(query)).toBe('FIELD_AUTHORIZATION_ERROR')
    expect(events.map(({ type, details }) => [type, (details as { field?: string }).field])).toEqual([
      ['authz.denied', 'Subscription.order'],
      ['authz.denied', 'Query.name'],
    ])
    await end()
  })

  it('judges each of its events by the object it is about', async () => {
    const { client, started, end } = await connectedAs(server, 'reader')
    const id = 'orders'
    await client.run({ query: 'subscription { order { userId t: total } }' }, id)
    await client.until((message) => message.id === id && message.type === 'complete')
    const answers = client.received.filter((message) => message.id === id && message.type === 'next')
    expect(answers.map(({ payload }) => (payload as { data: unknown }).data)).toEqual([
      { order: { userId: 'ada', t: 1 } },
      { order: { userId: 'bob', t: null } },
    ])
    expect(answers.map(codeIn)).toEqual([undefined, 'FIELD_AUTHORIZATION_ERROR'])
    expect(started()).toBe(1)
    await end()
  })

  it('lets a scope decide by the arguments where it starts', async () => {
    const { client, started, end } = await connectedAs(server, 'owner')
    expect(codeIn(await client.run({ query: 'subscription { order(userId: "bob") { userId } }' }))).toBe(
      'FIELD_AUTHORIZATION_ERROR',
    )
    expect(started()).toBe(0)
    const mine = await client.run({ query: 'subscription { order(userId: "ada") { userId } }' })
    expect(mine.payload).toMatchObject({ data: { order: { userId: 'ada' } } })
    await end()
  })

  it('judges each operation of a socket for itself, and none by what was allowed before', async () => {
    const { client, become, end } = await connectedAs(server, 'reader')
    for (const [role, code] of [
      ['reader', undefined],
      ['other', 'FIELD_AUTHORIZATION_ERROR'],
      ['reader', undefined],
      ['other', 'FIELD_AUTHORIZATION_ERROR'],
    ] as const) {
      become(role)
      expect(codeIn(await client.run({ query: '{ name }' }))).toBe(code)
    }
    await end()
  })
})
