import cors from '@fastify/cors'
import jwt from '@fastify/jwt'
import rateLimit from '@fastify/rate-limit'
import { depthLimit } from '@portcullis/depth-limit'
import { kernel } from '@portcullis/kernel'
import { queryCost } from '@portcullis/query-cost'
import { userRateLimit } from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { loansOf, resolvers, schema, signIn } from './library.js'

const app = Fastify({ logger: true })

await app.register(cors, { origin: 'https://library.example' })
await app.register(jwt, { secret: process.env.JWT_SECRET ?? 'for trying it out on one machine' })
await app.register(rateLimit, { max: 100, timeWindow: '1 minute' })

// Who asks, for the gates: the same token, verified by the same plugin.
await app.register(kernel, {
  identify: async (request) => {
    if (request.headers.authorization === undefined) return null
    await request.jwtVerify()
    return { id: request.user.sub, roles: [request.user.role] }
  },
})
await app.register(depthLimit, { maxDepth: 6 })
await app.register(queryCost, { maxCost: 500, roles: { librarian: { maxCost: 5_000 } } })
await app.register(userRateLimit, {
  policies: { mutations: { quota: 10, window: '1m', when: 'mutation' } },
})

app.post('/login', { config: { rateLimit: { max: 5 } } }, async (request, reply) => {
  const claims = signIn(request.body)
  return claims
    ? { token: app.jwt.sign(claims) }
    : reply.code(401).send({ message: 'Wrong name or password' })
})

// Everything else is for readers who have signed in.
await app.register(async (members) => {
  members.addHook('onRequest', (request) => request.jwtVerify())
  members.get('/loans', async (request) => loansOf(request.user.sub))
  await members.register(mercurius, { schema, resolvers })
})

await app.listen({ port: Number(process.env.PORT ?? 3000) })
