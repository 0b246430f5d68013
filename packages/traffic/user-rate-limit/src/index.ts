export type { Block } from './blocks/block-list.ts'
export type { BlockTerms } from './blocks/set-block.ts'
export type { BlockedPrincipal, BlockKind, BlockSubject } from './blocks/subject.ts'
export { foldAccountName } from './core/partition-key.ts'
export type { Algorithm, OnStoreError, Policy, PolicyInput } from './core/policy.ts'
export type { Limit } from './core/verdict.ts'
export type { ConcurrencyOptions } from './concurrency.ts'
export type { Consumption, Reserved, Resetting, UserRateLimit } from './decorators.ts'
export * from './errors.ts'
export type { LimiterStatus, PolicyStatus, StatusQuestion } from './inspect-limits.ts'
export type { Login, LoginAttempt } from './login/guard-login.ts'
export type { FailureRatio, LoginLimit, LoginOptions } from './login/login-options.ts'
export { userRateLimitOptions as options } from './options.ts'
export type { RoutePolicies, UserRateLimitOptions } from './options.ts'
export { userRateLimit, userRateLimit as default } from './plugin.ts'
export type {
  AccountNames,
  AnonymousRule,
  OperationWord,
  PartitionPart,
  PlanQuota,
  PolicyOptions,
  RootFieldName,
} from './policies/policy-options.ts'
export { StoreUnavailable } from './stores/failures.ts'
export type { RedisInstance, RedisOptions, RedisSource } from '@portcullis/kernel/redis'
export type { Principal, UserRateLimitRouteOptions } from './types.ts'
export type { ReloadableOptions } from './live-options.ts'
export type { Identity } from './policies/identity.ts'
export type { PlanOf } from './policies/plans.ts'
