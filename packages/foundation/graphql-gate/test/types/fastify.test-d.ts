import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import type { DocumentNode, GraphQLSchema } from 'graphql'
import { expectTypeOf } from 'vitest'
import type { GraphqlGate, GraphQLOperation, GraphqlGateOptions, Principal } from '../../src/index.ts'

// Decorators, the kernel's too.
expectTypeOf<FastifyInstance['graphqlGate']>().toEqualTypeOf<GraphqlGate>()
expectTypeOf<FastifyRequest['graphqlOperations']>().toEqualTypeOf<readonly GraphQLOperation[]>()
expectTypeOf<FastifyRequest['graphqlSignal']>().toEqualTypeOf<AbortSignal>()
expectTypeOf<FastifyRequest['principal']>().toEqualTypeOf<Principal>()
expectTypeOf<GraphQLOperation['document']>().toEqualTypeOf<DocumentNode>()
expectTypeOf<ReturnType<GraphqlGate['doors']>[number]['engine']>().toEqualTypeOf<
  'mercurius' | 'yoga' | 'apollo' | 'hand-written'
>()

declare const request: FastifyRequest
// @ts-expect-error operations are told, not set
request.graphqlOperations = []

// What marks a route.
declare const schema: GraphQLSchema
const marked: FastifyContextConfig = { graphql: { schema } }
const known: FastifyContextConfig = { graphql: true, graphqlGate: { maxTokens: 100 } }
void [marked, known]
// @ts-expect-error text is no schema
const text: FastifyContextConfig = { graphql: { schema: 'type Query { a: Int }' } }
// @ts-expect-error routes belong to the plugin
const routes: FastifyContextConfig = { graphqlGate: { routes: {} } }
// @ts-expect-error so does the time
const timed: FastifyContextConfig = { graphqlGate: { executionTimeout: '10s' } }
const loose: FastifyContextConfig = {
  graphqlGate: { trustedDocuments: false, introspection: { roles: ['a'] } },
}
// @ts-expect-error the gate cannot be switched off
const off: FastifyContextConfig = { graphqlGate: false }
// @ts-expect-error misspelt
const misspelt: FastifyContextConfig = { graphqlGate: { maxTokes: 100 } }
void [text, routes, timed, loose, off, misspelt]

const options: GraphqlGateOptions = {
  routes: { '/graphql': { schema, graphqlGate: { maxTokens: 100 } } },
  persistedQuery: async (hash) => (hash === 'a' ? '{ a }' : undefined),
}
void options
// @ts-expect-error a stored document is text
const stored: GraphqlGateOptions = { persistedQuery: () => 1 }
void stored
