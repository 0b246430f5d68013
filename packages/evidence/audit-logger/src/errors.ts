import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which audit-logger refuses a request, an event, or to boot. */
export type AuditLoggerErrorCode =
  | 'AUDIT_UNAVAILABLE'
  | 'PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE'
  | 'PORTCULLIS_AUDIT_LOGGER_TRAIL_LOCKED'
  | 'PORTCULLIS_AUDIT_LOGGER_TRAIL_DAMAGED'

/**
 * The trail cannot take records at the moment, and the route is `fail-closed`. Also what a promise of a record rejects
 * with that did not become durable.
 */
export const AuditUnavailable: CodedError<'AUDIT_UNAVAILABLE'> = codedError(
  'AUDIT_UNAVAILABLE',
  'The service cannot take this request at the moment.',
  503,
)

/** The directory or file of the trail cannot be created or written. Boot error. */
export const TrailNotWritableError: CodedError<'PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE'> = codedError(
  'PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE',
  'audit.directory: the trail in %s cannot be written (%s). Give a directory that the process may create or write to.',
  'boot',
)

/** Another process writes to the trail. Boot error. */
export const TrailLockedError: CodedError<'PORTCULLIS_AUDIT_LOGGER_TRAIL_LOCKED'> = codedError(
  'PORTCULLIS_AUDIT_LOGGER_TRAIL_LOCKED',
  'audit.directory: the trail in %s is held by %s. Give each process a directory of its own; if that process is gone for good, remove audit.lock there.',
  'boot',
)

/** The trail that is there does not verify. Boot error. */
export const TrailDamagedError: CodedError<'PORTCULLIS_AUDIT_LOGGER_TRAIL_DAMAGED'> = codedError(
  'PORTCULLIS_AUDIT_LOGGER_TRAIL_DAMAGED',
  'audit.directory: the trail in %s is not what was recorded. %s Keep a copy and look into it; recover: true goes on behind the last good checkpoint and keeps what it cuts.',
  'boot',
)
