import { setTimeout as wait } from 'node:timers/promises'
import authTokens from '@portcullis/auth-tokens'
import depthLimit from '@portcullis/depth-limit'
import type { LightMyRequestResponse } from 'fastify'
import { describe, expect, it } from 'vitest'
import { tokenOptions } from '../requirements/token-app.ts'
import { SERVERS } from './servers.ts'
import { codeIn, connect, listen, open } from './sockets.ts'

const schema = `
  type Query { name: String }
  type Subscription { ticks: String }
`

describe.each(SERVERS)('access tokens on $name', (server) => {
  it('open operations over HTTP and sockets, and end a running subscription within a second of their revocation', async () => {
    const app = server.build({
      schema,
      sockets: true,
      resolvers: {
        Query: { name: () => 'x' },
        Subscription: {
          async *ticks() {
            for (let tick = 0; tick < 200; tick++)
              yield await wait(20, { ticks: String(tick) }, { ref: false })
          },
        },
      },
      register(instance) {
        void instance.register(authTokens, tokenOptions())
        void instance.register(depthLimit)
      },
    })
    const url = await listen(app, server.socketPath)
    await expect(open(url)).rejects.toThrow('401')
    const ask = (headers: Record<string, string>): Promise<LightMyRequestResponse> =>
      app.inject({ method: 'POST', url: '/graphql', headers, payload: { query: '{ name }' } })
    const refused = await ask({})
    expect([refused.statusCode, refused.headers['www-authenticate']]).toEqual([
      401,
      expect.stringMatching(/^Bearer/),
    ])
    expect(codeIn({ type: 'next', payload: refused.json() })).toBe('UNAUTHENTICATED')

    const { access_token: token } = await app.tokens.issue({ subject: 'ada' })
    const headers = { authorization: `Bearer ${token}` }
    expect((await ask(headers)).json()).toMatchObject({ data: { name: 'x' } })
    const client = await connect(url, 'graphql-transport-ws', undefined, headers)
    expect(await client.run({ query: 'subscription { ticks }' })).toMatchObject({ type: 'next' })
    await app.tokens.revokeAll('ada')
    expect(await Promise.race([client.closed, wait(1_000, 'still open')])).toBe(4401)
    expect((await ask(headers)).statusCode).toBe(401)
    await app.close()
  })
})
