import cors from '@fastify/cors'
import jwt from '@fastify/jwt'
import rateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { loansOf, resolvers, schema, signIn } from './library.js'

const app = Fastify({ logger: true })

await app.register(cors, { origin: 'https://library.example' })
await app.register(jwt, { secret: process.env.JWT_SECRET ?? 'for trying it out on one machine' })
await app.register(rateLimit, { max: 100, timeWindow: '1 minute' })

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
