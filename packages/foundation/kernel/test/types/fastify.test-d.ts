import type { FastifyInstance, FastifyRequest } from 'fastify'
import { expectTypeOf } from 'vitest'
import type { Principal } from '../../src/index.ts'
import type {
  CodedError,
  Identify,
  IdentifiedAs,
  KernelOptions,
  SecurityEventInput,
  SecurityEvents,
} from '../../src/index.ts'

// Decorators.
expectTypeOf<FastifyInstance['securityEvents']>().toEqualTypeOf<SecurityEvents>()
expectTypeOf<FastifyRequest['principal']>().toEqualTypeOf<Principal>()
expectTypeOf<FastifyRequest['resolvePrincipal']>().returns.resolves.toEqualTypeOf<Principal>()

declare const app: FastifyInstance
declare const request: FastifyRequest
declare const bus: SecurityEvents
// @ts-expect-error the bus of an app is not replaced
app.securityEvents = bus
// @ts-expect-error a principal is what identify answered, never what somebody set
request.principal = { kind: 'anonymous', id: null, roles: [], permissions: [] }

// A principal: an id belongs to everybody but the anonymous.
declare const principal: Principal
if (principal.kind === 'anonymous') expectTypeOf(principal.id).toEqualTypeOf<null>()
else expectTypeOf(principal.id).toEqualTypeOf<string>()
expectTypeOf(principal.roles).toEqualTypeOf<readonly string[]>()
expectTypeOf(principal.tenantId).toEqualTypeOf<string | undefined>()

// What identify may answer.
expectTypeOf<{ id: string; tenantId: string }>().toExtend<IdentifiedAs>()
expectTypeOf<{ tenantId: string }>().not.toExtend<IdentifiedAs>()
expectTypeOf<{ id: number }>().not.toExtend<IdentifiedAs>()
expectTypeOf<{ id: string; kind: 'robot' }>().not.toExtend<IdentifiedAs>()
expectTypeOf<(request: FastifyRequest) => Promise<null>>().toExtend<Identify>()

const options: KernelOptions = { environment: 'test', instances: 2, identify: () => null }
void options
// @ts-expect-error there is no such environment
const staging: KernelOptions = { environment: 'staging' }
void staging

// Events: details follow from the type of the event.
const depth: SecurityEventInput<'query.depth_exceeded'> = {
  type: 'query.depth_exceeded',
  severity: 'WARNING',
  outcome: 'refused',
  details: { code: 'MAX_DEPTH_EXCEEDED', limit: 3 },
}
expectTypeOf(app.securityEvents.publish(depth)).resolves.toEqualTypeOf<void>()
// @ts-expect-error no such event
void app.securityEvents.publish({ ...depth, type: 'query.deep' })
void app.securityEvents.publish({
  type: 'auth.failure',
  severity: 'WARNING',
  outcome: 'refused',
  // @ts-expect-error an authentication failure has a reason, not a policy
  details: { policy: 'perUser' },
})

// An app's own events, by declaration merging.
declare module '../../src/events/event-types.ts' {
  interface SecurityEventDetails {
    'app.coupon_guessed': { readonly attempts: number }
  }
}
expectTypeOf<SecurityEventInput<'app.coupon_guessed'>['details']>().toEqualTypeOf<{
  readonly attempts: number
}>()

// Codes are part of the type.
declare const TooMany: CodedError<'TOO_MANY'>
expectTypeOf(new TooMany().code).toEqualTypeOf<'TOO_MANY'>()
expectTypeOf(new TooMany().statusCode).toEqualTypeOf<number>()
