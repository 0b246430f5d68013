import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import { expectTypeOf } from 'vitest'
import piiMasking from '../../src/index.ts'
import type { Pii, PiiMaskingErrorCode, RequestPii } from '../../src/index.ts'

expectTypeOf<FastifyInstance['pii']>().toEqualTypeOf<Pii>()
expectTypeOf<FastifyRequest['pii']>().toEqualTypeOf<RequestPii>()

const route = (config: FastifyContextConfig) => Fastify().get('/', { config }, () => 'hello')
route({ piiMasking: false })
route({ piiMasking: { policy: { 'User.ssn': { admin: 'raw', '*': 'partial' } }, fallback: 'null' } })
// @ts-expect-error no such strategy
route({ piiMasking: { fallback: 'show' } })
// @ts-expect-error masking is never only measured
route({ piiMasking: { mode: 'measure' } })
// @ts-expect-error the classification is the plugin's
route({ piiMasking: { classify: { a: 'PASSWORD' } } })

void Fastify().register(piiMasking)
void Fastify().register(piiMasking, { classify: { email: 'EMAIL_ADDRESS' } })

expectTypeOf<'PII_FIELD_FORBIDDEN'>().toExtend<PiiMaskingErrorCode>()
