import { codedError } from './coded-error.ts'
import type { CodedError } from './coded-error.ts'

/** Codes of the errors that the kernel itself raises. Gates export their own unions. */
export type KernelErrorCode =
  | 'PORTCULLIS_KERNEL_INVALID_OPTIONS'
  | 'PORTCULLIS_KERNEL_INVALID_ROUTE_OPTIONS'
  | 'PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION'
  | 'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION'
  | 'PORTCULLIS_KERNEL_PRINCIPAL_NOT_RESOLVED'
  | 'PORTCULLIS_KERNEL_INVALID_PRINCIPAL'
  | 'PORTCULLIS_KERNEL_IDENTIFY_FAILED'
  | 'PORTCULLIS_KERNEL_EVENT_NOT_RECORDED'

/** A plugin's options are wrong. The message names the option, what it got, what it takes and the mend. Boot error. */
export const InvalidOptionsError: CodedError<'PORTCULLIS_KERNEL_INVALID_OPTIONS'> = codedError(
  'PORTCULLIS_KERNEL_INVALID_OPTIONS',
  '%s',
  'boot',
)

/** A route's `config` is wrong, or holds a name that looks like one of ours. Boot error. */
export const InvalidRouteOptionsError: CodedError<'PORTCULLIS_KERNEL_INVALID_ROUTE_OPTIONS'> = codedError(
  'PORTCULLIS_KERNEL_INVALID_ROUTE_OPTIONS',
  '%s',
  'boot',
)

/** One plugin was registered twice in one scope. Boot error. */
export const DuplicateRegistrationError: CodedError<'PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION'> = codedError(
  'PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION',
  '%s is registered twice in one scope. Register it once, or put the second one inside its own app.register() scope, where it replaces the outer one.',
  'boot',
)

/** A setting with which a gate would not hold in production. Boot error in production, a warning elsewhere. */
export const UnsafeInProductionError: CodedError<'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION'> = codedError(
  'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION',
  '%s',
  'boot',
)

/** `request.principal` was read before `await request.resolvePrincipal()`. A defect of the calling code. */
export const PrincipalNotResolvedError: CodedError<'PORTCULLIS_KERNEL_PRINCIPAL_NOT_RESOLVED'> = codedError(
  'PORTCULLIS_KERNEL_PRINCIPAL_NOT_RESOLVED',
  'request.principal is not known yet: await request.resolvePrincipal() first.',
  500,
)

/** `identify` answered something that is not a principal. The message never holds the value. */
export const InvalidPrincipalError: CodedError<'PORTCULLIS_KERNEL_INVALID_PRINCIPAL'> = codedError(
  'PORTCULLIS_KERNEL_INVALID_PRINCIPAL',
  'identify() must return a principal or null: %s.',
  500,
)

/** `identify` threw something that is no answer to a client. The log has it, the client does not. */
export const IdentifyFailedError: CodedError<'PORTCULLIS_KERNEL_IDENTIFY_FAILED'> = codedError(
  'PORTCULLIS_KERNEL_IDENTIFY_FAILED',
  'It could not be found out who sends this request.',
  500,
)

/** A durable subscriber could not record a security event. Whoever awaits `publish()` sees it. */
export const EventNotRecordedError: CodedError<'PORTCULLIS_KERNEL_EVENT_NOT_RECORDED'> = codedError(
  'PORTCULLIS_KERNEL_EVENT_NOT_RECORDED',
  'The security event %s could not be recorded durably.',
  503,
)
