import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import { expectTypeOf } from 'vitest'
import accessControl, { ownedBy } from '../../src/index.ts'
import type { Access, AccessControlErrorCode, RequestAccess } from '../../src/index.ts'

expectTypeOf<FastifyInstance['access']>().toEqualTypeOf<Access>()
expectTypeOf<FastifyRequest['access']>().toEqualTypeOf<RequestAccess>()
expectTypeOf<FastifyRequest['can']>().returns.toEqualTypeOf<Promise<boolean>>()

const route = (config: FastifyContextConfig) => Fastify().get('/', { config }, () => 'hello')
route({ access: false })
route({ access: { permission: 'orders:read', maxAge: '5m', acr: 'phr', mode: 'measure' } })
route({ access: { role: ['admin', 'auditor'] } })
route({ access: { public: 'health checks need no login' } })
// @ts-expect-error a permission has two parts
route({ access: { permission: 'orders' } })
// @ts-expect-error either somebody has to be known, or nothing is said
route({ access: { authenticated: false } })
// @ts-expect-error roles are the plugin's
route({ access: { roles: {} } })

void Fastify().register(accessControl)
void Fastify().register(accessControl, {
  roles: { user: ['orders:read:self'], boss: { inherits: ['user'], deny: ['orders:write'] } },
  scopes: { self: ownedBy('userId'), team: async ({ principal }, resource) => principal.id === resource },
  graphql: { 'User.salary': 'payroll:read', Admin: { role: 'boss', onDenied: 'null' } },
})

expectTypeOf<'FORBIDDEN'>().toExtend<AccessControlErrorCode>()
