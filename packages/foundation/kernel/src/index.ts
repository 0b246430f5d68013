import './routes/route-record.ts'

export { codedError, errorTable } from './coded-error.ts'
export type { CodedError } from './coded-error.ts'
export { decide } from './decisions/decide.ts'
export type { Decision, DecisionResult } from './decisions/decide.ts'
export { PHASES } from './decisions/phases.ts'
export type { Phase, Stage } from './decisions/phases.ts'
export { environmentOf, instancesOf, nowOf, unsafeSetting } from './environment.ts'
export type { Environment } from './environment.ts'
export * from './errors.ts'
export { SECURITY_EVENT_CHANNEL } from './events/event-bus.ts'
export type { SecurityEventListener, SecurityEvents } from './events/event-bus.ts'
export type {
  DenialDetails,
  EventOutcome,
  LimitDetails,
  QueryDetails,
  SecurityEvent,
  SecurityEventDetails,
  SecurityEventInput,
  SecurityEventType,
  Severity,
} from './events/event-types.ts'
export type { CostFact, GateFacts, LimitFact, OperationFact, PiiFact } from './facts.ts'
export { defineGate } from './gates.ts'
export { holdDefaults } from './registrations.ts'
export type { GateDefinition } from './gates.ts'
export type { GateRegistration } from './registrations.ts'
export { kernelOptions as options } from './options.ts'
export type { KernelOptions } from './options.ts'
export { defineOptions } from './options/define-options.ts'
export type { OptionDefinition, OptionSet } from './options/define-options.ts'
export { duration, toMilliseconds } from './options/duration.ts'
export type { Duration } from './options/duration.ts'
export {
  callback,
  custom,
  either,
  finite,
  flag,
  integer,
  isPlainObject,
  members,
  mode,
  oneOf,
  record,
  text,
} from './options/scalars.ts'
export type { Mode } from './options/scalars.ts'
export { loadIfInstalled, speaksGraphql } from './optional-graphql.ts'
export { nearestName } from './options/suggest.ts'
export { kernel, kernel as default } from './plugin.ts'
export { anonymous, identifyBy } from './principal.ts'
export type { AnonymousPrincipal, IdentifiedAs, Identify, KnownPrincipal } from './principal.ts'
export {
  beginExecution,
  formatRefusals,
  onRefused,
  recordRefusal,
  refusalOf,
  refuse,
  refuseAnswer,
} from './refusal.ts'
export type { ClientError, Refusal, RefusalFormat } from './refusal.ts'
export { frameworkErrors, notFound } from './requests/framework-errors.ts'
export { isUpgrade } from './requests/is-upgrade.ts'
export { cutConnection, OpenWatches } from './requests/open-watches.ts'
export type { MustEnd } from './requests/open-watches.ts'
export { REQUEST_ID_HEADER } from './requests/request-id.ts'
export { gateFactsOf } from './requests/gate-facts.ts'
export { requestOfOperation } from './requests/request-of-operation.ts'
export type { OperationRequest } from './requests/request-of-operation.ts'
export { createRequestValue } from './requests/request-value.ts'
export type { RequestValue } from './requests/request-value.ts'
export { onSettled } from './requests/settled.ts'
export type { Outcome, SettledListener } from './requests/settled.ts'
export { traceContextOf } from './requests/trace-context.ts'
export type { TraceContext } from './requests/trace-context.ts'
export { onceRoutesKnown, provideRouteConfig, routesOf, sawEveryRoute } from './routes/check-routes.ts'
export { optionOfRoute, optionsInUse, routeOption } from './routes/route-option.ts'
export type { OptionsInUse } from './routes/route-option.ts'
export { routeRecordOf } from './routes/route-record.ts'
export type { RouteRecord } from './routes/route-record.ts'
export { createScopedRegistry, isWithin } from './scoped-registry.ts'
export type { ScopedEntry, ScopedRegistry } from './scoped-registry.ts'
export { createScopedValue } from './scoped-value.ts'
export type { ScopedValue } from './scoped-value.ts'
export type { Principal } from './types.ts'
export { useKernel } from './use-kernel.ts'
