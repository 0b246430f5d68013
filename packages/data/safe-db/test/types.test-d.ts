import type { FastifyContextConfig } from 'fastify'
import { expectTypeOf } from 'vitest'
import type { SafeDbOptions } from '../src/index.ts'

expectTypeOf<FastifyContextConfig['safeDb']>().toEqualTypeOf<SafeDbOptions | false | undefined>()
