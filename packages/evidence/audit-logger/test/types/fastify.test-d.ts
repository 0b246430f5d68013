import type { SecurityEventDetails } from '@portcullis/kernel'
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import { expectTypeOf } from 'vitest'
import { auditLogger } from '../../src/index.ts'
import type {
  Audit,
  AuditRouteOptions,
  Principal,
  Receipt,
  RequestAudit,
  VerifyReport,
} from '../../src/index.ts'

declare const app: FastifyInstance
declare const request: FastifyRequest

expectTypeOf<FastifyInstance['audit']>().toEqualTypeOf<Audit>()
expectTypeOf<FastifyRequest['audit']>().toEqualTypeOf<RequestAudit>()
expectTypeOf<FastifyRequest['principal']>().toEqualTypeOf<Principal>()
expectTypeOf<FastifyContextConfig['audit']>().toEqualTypeOf<AuditRouteOptions | false | undefined>()
expectTypeOf(app.audit.verify()).resolves.toEqualTypeOf<VerifyReport>()
expectTypeOf(request.audit.event('data.exported', { resource: 'orders' })).resolves.toEqualTypeOf<Receipt>()
expectTypeOf<SecurityEventDetails['admin.action']>().toEqualTypeOf<{ readonly action: string }>()
// @ts-expect-error there is no event of this name
void request.audit.event('data.export', { resource: 'orders' })
// @ts-expect-error the details belong to the type
void request.audit.event('auth.failure', { resource: 'orders' })
// @ts-expect-error a trail needs a directory and keys
void Fastify().register(auditLogger, { level: 'metadata' })
const route = (config: FastifyContextConfig) => Fastify().get('/', { config }, () => 'hello')
route({ audit: { action: 'order.refund', level: 'request', delivery: 'blocking-strict' } })
// @ts-expect-error the directory belongs to the plugin
route({ audit: { directory: 'x' } })
