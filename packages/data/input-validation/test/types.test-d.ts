import type { FastifyContextConfig } from 'fastify'
import { expectTypeOf } from 'vitest'
import type { InputValidationOptions } from '../src/index.ts'

expectTypeOf<FastifyContextConfig['inputValidation']>().toEqualTypeOf<
  InputValidationOptions | false | undefined
>()
