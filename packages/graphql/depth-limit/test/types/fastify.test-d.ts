import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import { expectTypeOf } from 'vitest'
import depthLimit from '../../src/index.ts'
import type {
  CyclicFragments,
  DepthLimit,
  DepthLimitErrorCode,
  DepthLimitOptions,
  GraphqlGate,
  Principal,
  Shape,
} from '../../src/index.ts'

// Decorators, those of the foundations too.
expectTypeOf<FastifyInstance['depthLimit']>().toEqualTypeOf<DepthLimit>()
expectTypeOf<ReturnType<DepthLimit['measure']>>().toEqualTypeOf<readonly (Shape | CyclicFragments)[]>()
expectTypeOf<FastifyInstance['graphqlGate']>().toEqualTypeOf<GraphqlGate>()
expectTypeOf<FastifyRequest['principal']>().toEqualTypeOf<Principal>()

declare const app: FastifyInstance
declare const other: DepthLimit
// @ts-expect-error the decorator is not replaced
app.depthLimit = other

// A route's options.
expectTypeOf<FastifyContextConfig['depthLimit']>().toEqualTypeOf<DepthLimitOptions | false | undefined>()
// Inline, Fastify takes the type of `config` from what is written there, so only wrong values are seen.
Fastify().post('/a', { config: { depthLimit: { maxDepth: 3, mode: 'measure' } } }, () => 'a')
// @ts-expect-error a depth is a number
Fastify().post('/b', { config: { depthLimit: { maxDepth: '3' } } }, () => 'b')
const route = (config: FastifyContextConfig) => Fastify().post('/', { config }, () => 'hello')
route({ depthLimit: false })
// @ts-expect-error misspelt
route({ depthLimit: { maxDeph: 3 } })
// @ts-expect-error misspelt, seen inline with `satisfies`
Fastify().post('/c', { config: { depthLimit: { maxDeph: 3 } } satisfies FastifyContextConfig }, () => 'c')
// @ts-expect-error true would say nothing
route({ depthLimit: true })

// The plugin's options.
void Fastify().register(depthLimit)
void Fastify().register(depthLimit, { maxAliases: 0 })
// @ts-expect-error no such mode
void Fastify().register(depthLimit, { mode: 'warn' })

expectTypeOf<'MAX_DEPTH_EXCEEDED'>().toExtend<DepthLimitErrorCode>()
expectTypeOf<'MAX_DEPTH'>().not.toExtend<DepthLimitErrorCode>()
