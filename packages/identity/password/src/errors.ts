import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which this package refuses a call, or to boot. */
export type PasswordErrorCode =
  | 'PASSWORD_INVALID'
  | 'PASSWORD_HASHING_BUSY'
  | 'PASSWORD_BREACH_CHECK_UNAVAILABLE'
  | 'PORTCULLIS_PASSWORD_INVALID_SOURCE'

/** What was sent is no text that can be a password. The message does not hold it. */
export const PasswordInvalidError: CodedError<'PASSWORD_INVALID'> = codedError(
  'PASSWORD_INVALID',
  'This cannot be a password: %s.',
  400,
)

/** All workers hash and the queue is full. Nothing was hashed; `Retry-After` says when to come again. */
export const PasswordHashingBusyError: CodedError<'PASSWORD_HASHING_BUSY'> = codedError(
  'PASSWORD_HASHING_BUSY',
  'Too many passwords are being checked at the moment.',
  503,
)

/** The source of breached passwords failed, and `onError` is `closed`. */
export const PasswordBreachCheckUnavailableError: CodedError<'PASSWORD_BREACH_CHECK_UNAVAILABLE'> =
  codedError(
    'PASSWORD_BREACH_CHECK_UNAVAILABLE',
    'It cannot be checked at the moment whether this password is known from a breach.',
    503,
  )

/** A source of breached passwords cannot be used as it is described. Boot error. */
export const InvalidSourceError: CodedError<'PORTCULLIS_PASSWORD_INVALID_SOURCE'> = codedError(
  'PORTCULLIS_PASSWORD_INVALID_SOURCE',
  '%s',
  'boot',
)
