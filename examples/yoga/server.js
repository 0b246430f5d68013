import { depthLimit } from '@portcullis/depth-limit'
import { yogaGate } from '@portcullis/graphql-gate/yoga'
import { frameworkErrors, notFound } from '@portcullis/kernel'
import { queryCost } from '@portcullis/query-cost'
import Fastify from 'fastify'
import { createSchema, createYoga } from 'graphql-yoga'

// What nothing answers is answered without a word of what was asked for.
const app = Fastify({ frameworkErrors, logger: true })
app.setNotFoundHandler(notFound)

await app.register(depthLimit, { maxDepth: 4 })
await app.register(queryCost, { maxCost: 200 })

const yoga = createYoga({
  schema: createSchema({
    typeDefs: `
      type Person { name: String! friends(first: Int = 5): [Person!]! }
      type Query { me: Person! }
    `,
    resolvers: {
      Query: { me: () => ({ name: 'Ada' }) },
      Person: { friends: ({ name }) => [{ name: `a friend of ${name}` }] },
    },
  }),
  plugins: [yogaGate(app)],
})

app.route({
  url: yoga.graphqlEndpoint,
  method: ['GET', 'POST', 'OPTIONS'],
  handler: (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, {}),
})

await app.listen({ port: Number(process.env.PORT ?? 3000) })
