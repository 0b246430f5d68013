import { depthLimit } from '@portcullis/depth-limit'
import Fastify from 'fastify'
import mercurius from 'mercurius'

const app = Fastify({ logger: true })

await app.register(depthLimit, { maxDepth: 4 })

await app.register(mercurius, {
  schema: `
    type Person { name: String! friends: [Person!]! }
    type Query { me: Person! }
  `,
  resolvers: {
    Query: { me: () => ({ name: 'Ada' }) },
    Person: { friends: ({ name }) => [{ name: `a friend of ${name}` }] },
  },
})

await app.listen({ port: Number(process.env.PORT ?? 3000) })
