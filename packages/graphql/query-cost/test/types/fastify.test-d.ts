import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import type { DocumentNode } from 'graphql'
import { expectTypeOf } from 'vitest'
import queryCost from '../../src/index.ts'
import type {
  CostEstimate,
  GraphqlGate,
  InferredListSize,
  Principal,
  QueryCost,
  QueryCostErrorCode,
  QueryCostRouteOptions,
  RequestCost,
} from '../../src/index.ts'

// Decorators, those of the foundations too.
expectTypeOf<FastifyInstance['queryCost']>().toEqualTypeOf<QueryCost>()
expectTypeOf<FastifyRequest['queryCost']>().toEqualTypeOf<RequestCost | undefined>()
expectTypeOf<FastifyInstance['graphqlGate']>().toEqualTypeOf<GraphqlGate>()
expectTypeOf<FastifyRequest['principal']>().toEqualTypeOf<Principal>()

declare const app: FastifyInstance
declare const request: FastifyRequest
declare const document: DocumentNode
expectTypeOf(app.queryCost.analyze(document, { variables: { first: 3 } })).toEqualTypeOf<CostEstimate>()
expectTypeOf(app.queryCost.inferred()).toEqualTypeOf<readonly InferredListSize[]>()
expectTypeOf(app.queryCost.unbounded()).toEqualTypeOf<readonly string[]>()
// @ts-expect-error a document is parsed first
app.queryCost.analyze('{ a }')
// @ts-expect-error a price is told, not set
request.queryCost = undefined

// A route's options: limits, but no weights, which belong to the schema.
expectTypeOf<FastifyContextConfig['queryCost']>().toEqualTypeOf<QueryCostRouteOptions | false | undefined>()
const route = (config: FastifyContextConfig) => Fastify().post('/', { config }, () => 'hello')
route({ queryCost: { maxCost: 3, roles: { admin: { maxCost: 9 } } } })
route({ queryCost: false })
// @ts-expect-error weights belong to the plugin
route({ queryCost: { weights: { 'Query.a': 3 } } })
// @ts-expect-error misspelt
route({ queryCost: { maxCosts: 3 } })
// @ts-expect-error a role has limits, no number
route({ queryCost: { roles: { admin: 9 } } })
// @ts-expect-error a cost is a number, also where Fastify takes the type of `config` from what is written there
Fastify().post('/a', { config: { queryCost: { maxCost: '3' } } }, () => 'a')

// The plugin's options.
void Fastify().register(queryCost)
void Fastify().register(queryCost, {
  weights: { User: 2, 'Query.users': { cost: 5, multiplier: 2, listSize: { slicingArguments: ['top'] } } },
  operationCost: { mutation: 10 },
})
// @ts-expect-error no such kind of operation
void Fastify().register(queryCost, { operationCost: { change: 10 } })
// @ts-expect-error no such setting of a weight
void Fastify().register(queryCost, { weights: { 'Query.users': { price: 5 } } })

expectTypeOf<'QUERY_TOO_EXPENSIVE'>().toExtend<QueryCostErrorCode>()
expectTypeOf<'TOO_EXPENSIVE'>().not.toExtend<QueryCostErrorCode>()
