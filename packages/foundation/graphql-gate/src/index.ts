export { addAnswerStep } from './answers/answer-step.ts'
export type { AnswerPayload, AnswerStep, OperationAnswer } from './answers/answer-step.ts'
export { addExtensions } from './answers/rewrite-response.ts'
export { tightenBounds } from './checks/bounds-source.ts'
export type { Bounds, BoundsSource, GateBounds } from './checks/bounds-source.ts'
export { addCheck, CHECK_PHASES } from './checks/operation-check.ts'
export type { CheckPhase, OperationBatch, OperationCheck } from './checks/operation-check.ts'
export { describeOperation } from './core/operation.ts'
export type { GraphQLOperation } from './core/operation.ts'
export type { Door, EngineKind } from './doors/door.ts'
export { isDoor } from './doors/door-of.ts'
export { doorsWithin } from './doors/find-doors.ts'
export * from './errors.ts'
export { addFieldStep, FIELD_PHASES } from './fields/field-step.ts'
export type { FieldCall, FieldHandler, FieldPhase, FieldStep, FieldTarget } from './fields/field-step.ts'
export { forgetPasses } from './fields/passes.ts'
export { isThenable } from './fields/is-thenable.ts'
export { graphqlGateOptions as options } from './options.ts'
export type {
  DoorSettings,
  GraphqlGateOptions,
  Introspection,
  PersistedQuery,
  TrustedDocumentsOptions,
} from './options.ts'
export type {
  ApolloManifest,
  DocumentLookup,
  DocumentSource,
  PlainManifest,
} from './core/trusted-documents.ts'
export { graphqlGate, graphqlGate as default } from './plugin.ts'
export { addSubscriptionStep } from './subscriptions/subscription-step.ts'
export type { RunningSubscription, SubscriptionStep } from './subscriptions/subscription-step.ts'
export type { GraphqlGate, Principal } from './types.ts'
export { useGraphqlGate } from './use-graphql-gate.ts'
