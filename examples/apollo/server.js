import { ApolloServer } from '@apollo/server'
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify'
import { depthLimit } from '@portcullis/depth-limit'
import { apolloGate } from '@portcullis/graphql-gate/apollo'
import { frameworkErrors, notFound } from '@portcullis/kernel'
import { queryCost } from '@portcullis/query-cost'
import Fastify from 'fastify'

// What nothing answers is answered without a word of what was asked for.
const app = Fastify({ frameworkErrors, logger: true })
app.setNotFoundHandler(notFound)

await app.register(depthLimit, { maxDepth: 4 })
await app.register(queryCost, { maxCost: 200 })

const apollo = new ApolloServer({
  typeDefs: `
    type Person { name: String! friends(first: Int = 5): [Person!]! }
    type Query { me: Person! }
  `,
  resolvers: {
    Query: { me: () => ({ name: 'Ada' }) },
    Person: { friends: ({ name }) => [{ name: `a friend of ${name}` }] },
  },
  plugins: [apolloGate(app), fastifyApolloDrainPlugin(app)],
})

await apollo.start()
await app.register(fastifyApollo(apollo))

await app.listen({ port: Number(process.env.PORT ?? 3000) })
