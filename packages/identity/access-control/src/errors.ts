import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which access-control refuses a request or a field, or to boot. */
export type AccessControlErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'INSUFFICIENT_USER_AUTHENTICATION'
  | 'FIELD_AUTHORIZATION_ERROR'
  | 'PORTCULLIS_ACCESS_CONTROL_INVALID_PERMISSION'
  | 'PORTCULLIS_ACCESS_CONTROL_INVALID_POLICY'
  | 'PORTCULLIS_ACCESS_CONTROL_MISSING_DECISION'

/** Nobody is known to ask, where somebody has to be (RFC 6750, section 3.1: no error code in the challenge). */
export const Unauthenticated: CodedError<'UNAUTHENTICATED'> = codedError(
  'UNAUTHENTICATED',
  'This request needs an identity.',
  401,
)

/** Whoever asks may not do this. */
export const Forbidden: CodedError<'FORBIDDEN'> = codedError('FORBIDDEN', 'You may not do this.', 403)

/** Whoever asks has to prove again, or better, who they are (step-up authentication, RFC 9470). */
export const InsufficientUserAuthentication: CodedError<'INSUFFICIENT_USER_AUTHENTICATION'> = codedError(
  'INSUFFICIENT_USER_AUTHENTICATION',
  'This request needs a more recent or a stronger login.',
  401,
)

/** Whoever asks may not have this GraphQL field. In answers that hold other fields, the status is in `extensions`. */
export const FieldAuthorizationError: CodedError<'FIELD_AUTHORIZATION_ERROR'> = codedError(
  'FIELD_AUTHORIZATION_ERROR',
  'You may not have this field.',
  403,
)

/** `can`, `demand` or `reach` was asked about what is no permission. A defect of the calling code. */
export const InvalidPermissionError: CodedError<'PORTCULLIS_ACCESS_CONTROL_INVALID_PERMISSION'> = codedError(
  'PORTCULLIS_ACCESS_CONTROL_INVALID_PERMISSION',
  'What was asked for is no permission: resource:action, or resource:action:scope with a scope that access-control knows.',
  500,
)

/** Roles, permissions, scopes or rules of fields cannot be used. Boot error. */
export const InvalidPolicyError: CodedError<'PORTCULLIS_ACCESS_CONTROL_INVALID_POLICY'> = codedError(
  'PORTCULLIS_ACCESS_CONTROL_INVALID_POLICY',
  '%s',
  'boot',
)

/** `requireDecision` is set, and there are routes for which nobody said who may use them. Boot error. */
export const MissingDecisionError: CodedError<'PORTCULLIS_ACCESS_CONTROL_MISSING_DECISION'> = codedError(
  'PORTCULLIS_ACCESS_CONTROL_MISSING_DECISION',
  "access.requireDecision: nobody said who may use %s. Give each of them { config: { access: { permission: 'orders:read' } } }, a role, { authenticated: true } or { public: 'why' }.",
  'boot',
)
