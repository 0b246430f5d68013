import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which user-rate-limit refuses a request, or to boot. */
export type UserRateLimitErrorCode =
  | 'USER_RATE_LIMIT_EXCEEDED'
  | 'CONCURRENCY_LIMIT_EXCEEDED'
  | 'RATE_LIMIT_STORE_UNAVAILABLE'
  | 'UNAUTHENTICATED'
  | 'PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE'
  | 'PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE'

/** A policy's quota is spent. The message is the policy's own where it has one. */
export const UserRateLimitExceeded: CodedError<'USER_RATE_LIMIT_EXCEEDED'> = codedError(
  'USER_RATE_LIMIT_EXCEEDED',
  '%s',
  429,
)

/** As many requests of the same client are under way as a concurrency limit lets in. */
export const ConcurrencyLimitExceeded: CodedError<'CONCURRENCY_LIMIT_EXCEEDED'> = codedError(
  'CONCURRENCY_LIMIT_EXCEEDED',
  'Too many requests at a time.',
  429,
)

/** The store is away and a policy is declared `closed`. */
export const RateLimitStoreUnavailable: CodedError<'RATE_LIMIT_STORE_UNAVAILABLE'> = codedError(
  'RATE_LIMIT_STORE_UNAVAILABLE',
  'The service cannot take this request at the moment.',
  503,
)

/** A policy takes no anonymous requests (`anonymous: 'deny'`). */
export const Unauthenticated: CodedError<'UNAUTHENTICATED'> = codedError(
  'UNAUTHENTICATED',
  'This request needs an identity.',
  401,
)

/** Redis cannot be reached and a policy is declared `closed`. The message names the host, never credentials. Boot error. */
export const StoreUnreachableError: CodedError<'PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE'> = codedError(
  'PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE',
  "userRateLimit: %s The policies %s are declared onStoreError: 'closed', so the app does not start without it.",
  'boot',
)

/** A policy needs facts of another gate that is not there. Boot error. */
export const MissingGateError: CodedError<'PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE'> = codedError(
  'PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE',
  'userRateLimit.policies.%s needs %s.',
  'boot',
)
