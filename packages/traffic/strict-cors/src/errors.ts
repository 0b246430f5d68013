import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes of strict-cors: what it refuses requests with, and what keeps an app from starting. */
export type StrictCorsErrorCode =
  | 'ORIGIN_NOT_ALLOWED'
  | 'CROSS_SITE_REQUEST'
  | 'PREFLIGHT_REQUIRED'
  | 'PORTCULLIS_STRICT_CORS_MISSING_GATE'

/** A page of an origin that may not asks for this, ahead or at once. */
export const OriginNotAllowed: CodedError<'ORIGIN_NOT_ALLOWED'> = codedError(
  'ORIGIN_NOT_ALLOWED',
  'Pages of this origin may not send this request.',
  403,
)

/** A browser says that a page of another site sends this, and `csrf` is on. */
export const CrossSiteRequest: CodedError<'CROSS_SITE_REQUEST'> = codedError(
  'CROSS_SITE_REQUEST',
  'A page of another site may not send this request.',
  403,
)

/** A GraphQL request of a kind that browsers send for any page without asking first, and `csrf` is on. */
export const PreflightRequired: CodedError<'PREFLIGHT_REQUIRED'> = codedError(
  'PREFLIGHT_REQUIRED',
  'Send GraphQL as application/json, or with a header graphql-require-preflight.',
  403,
)

/** `csrf` is on where there is GraphQL, and graphql-gate is not there to know its routes. Boot error. */
export const MissingGateError: CodedError<'PORTCULLIS_STRICT_CORS_MISSING_GATE'> = codedError(
  'PORTCULLIS_STRICT_CORS_MISSING_GATE',
  'strictCors.csrf: there is GraphQL in this scope, whose routes only graphql-gate knows. %s.',
  'boot',
)
