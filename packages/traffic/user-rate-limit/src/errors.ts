import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which user-rate-limit refuses a request, or to boot. */
export type UserRateLimitErrorCode =
  | 'USER_RATE_LIMIT_EXCEEDED'
  | 'CONCURRENCY_LIMIT_EXCEEDED'
  | 'RATE_LIMIT_STORE_UNAVAILABLE'
  | 'UNAUTHENTICATED'
  | 'REQUEST_BLOCKED'
  | 'INVALID_ACCOUNT'
  | 'CLIENT_CLOSED_REQUEST'
  | 'LOGIN_FAILED'
  | 'LOGIN_CHALLENGE_REQUIRED'
  | 'PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE'
  | 'PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE'
  | 'PORTCULLIS_USER_RATE_LIMIT_UNKNOWN_FIELD'

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

/** A policy counts by account, and what the request names is none; the value is not repeated. */
export const InvalidAccount: CodedError<'INVALID_ACCOUNT'> = codedError(
  'INVALID_ACCOUNT',
  'This request needs the name of an account: text of 1 to 1,024 characters.',
  400,
)

/** The client has gone before its operations ran, so they do not run. Nobody reads it; logs and events do. */
export const ClientClosedRequest: CodedError<'CLIENT_CLOSED_REQUEST'> = codedError(
  'CLIENT_CLOSED_REQUEST',
  'The client has closed the connection.',
  499,
)

/** The principal, tenant, address or operation is blocked. Why is told to nobody but whoever lists the blocks. */
export const RequestBlocked: CodedError<'REQUEST_BLOCKED'> = codedError(
  'REQUEST_BLOCKED',
  'This request is not allowed at the moment.',
  403,
)

/** An attempt to sign in failed: the same for an account that is not there and for a wrong password. */
export const LoginFailed: CodedError<'LOGIN_FAILED'> = codedError(
  'LOGIN_FAILED',
  'Wrong account or password.',
  401,
)

/** Most attempts of everybody fail, and this one has not passed the challenge that devices nobody knows have to pass. */
export const LoginChallengeRequired: CodedError<'LOGIN_CHALLENGE_REQUIRED'> = codedError(
  'LOGIN_CHALLENGE_REQUIRED',
  'Please show that you are a person, and sign in again.',
  403,
)

/** Redis cannot be reached and a policy is declared `closed`. The message names the host, never credentials. Boot error. */
export const StoreUnreachableError: CodedError<'PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE'> = codedError(
  'PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE',
  "userRateLimit: %s The policies %s are closed while it is away (onStoreError: 'closed', the default where there is a penalty), so the app does not start without it.",
  'boot',
)

/** A limit needs facts of another gate that is not there. Boot error. */
export const MissingGateError: CodedError<'PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE'> = codedError(
  'PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE',
  'userRateLimit.%s needs %s.',
  'boot',
)

/** A limit is for a root field that no GraphQL schema of its scope has. Boot error. */
export const UnknownFieldError: CodedError<'PORTCULLIS_USER_RATE_LIMIT_UNKNOWN_FIELD'> = codedError(
  'PORTCULLIS_USER_RATE_LIMIT_UNKNOWN_FIELD',
  'userRateLimit.%s is for the root field %s, which no GraphQL schema of its scope has. Mend its name.',
  'boot',
)
