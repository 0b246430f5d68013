import type { FastifyContextConfig } from 'fastify'
import { expectTypeOf } from 'vitest'
import type { StrictCorsOptions } from '../src/index.ts'

expectTypeOf<FastifyContextConfig['strictCors']>().toEqualTypeOf<StrictCorsOptions | false | undefined>()
