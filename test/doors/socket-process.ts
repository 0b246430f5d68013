import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import userRateLimit from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { channel } from './channel.ts'
import { SERVERS } from './servers.ts'
import { listen } from './sockets.ts'

/** A server whose users may have one open subscription each, over all instances. Its source says nothing. */
export async function capped(
  redis: string,
): Promise<{ readonly app: FastifyInstance; readonly url: string }> {
  const [server] = SERVERS
  if (server === undefined) throw new Error('no server')
  const silent = channel()
  const app = server.build({
    schema: 'type Query { name: String } type Subscription { tick: Int }',
    sockets: true,
    resolvers: { Query: { name: () => 'x' }, Subscription: { tick: () => silent.source() } },
    register(instance) {
      void instance.register(kernel, {
        environment: 'test',
        identify: ({ headers }) => ({ id: String(headers['x-user']) }),
      })
      void instance.register(userRateLimit, {
        redis,
        keySecret: 'a secret of this test that is long enough',
        storeTimeout: '2s',
        concurrency: { subscriptions: { limit: 1, when: 'subscription' } },
      })
      void instance.register(depthLimit)
    },
  })
  app.addHook('preClose', () => silent.close())
  return { app, url: await listen(app, server.socketPath) }
}
