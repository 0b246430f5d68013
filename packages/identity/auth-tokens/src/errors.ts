import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which auth-tokens refuses a request, an option or a call. */
export type AuthTokensErrorCode =
  | 'AUTH_STORE_UNAVAILABLE'
  | 'CROSS_SITE_REQUEST'
  | 'INVALID_GRANT'
  | 'INVALID_REQUEST'
  | 'INVALID_TOKEN'
  | 'UNAUTHENTICATED'
  | 'PORTCULLIS_AUTH_TOKENS_INVALID_GRANT'
  | 'PORTCULLIS_AUTH_TOKENS_INVALID_KEYS'
  | 'PORTCULLIS_AUTH_TOKENS_NOT_ISSUING'
  | 'PORTCULLIS_AUTH_TOKENS_STORE_UNREACHABLE'

/** No access token was sent, and the route wants one. */
export const Unauthenticated: CodedError<'UNAUTHENTICATED'> = codedError(
  'UNAUTHENTICATED',
  'This needs an access token.',
  401,
)

/** The access token is not valid: it was not made here, has expired or was revoked. Nobody is told which. */
export const InvalidToken: CodedError<'INVALID_TOKEN'> = codedError(
  'INVALID_TOKEN',
  'The access token is not valid.',
  401,
)

/** The request carries credentials in a way that nobody can read, or in several ways. */
export const InvalidRequest: CodedError<'INVALID_REQUEST'> = codedError(
  'INVALID_REQUEST',
  'The credentials of the request cannot be read. Send one Authorization header: Bearer, a space, the token.',
  400,
)

/** The refresh token is not valid any more, or never was. Nobody is told which (RFC 6749, section 5.2). */
export const InvalidGrant: CodedError<'INVALID_GRANT'> = codedError(
  'INVALID_GRANT',
  'The refresh token is not valid.',
  400,
)

/** A page of another site made a browser send this, with the cookie of its user. */
export const CrossSiteRequest: CodedError<'CROSS_SITE_REQUEST'> = codedError(
  'CROSS_SITE_REQUEST',
  'Requests of other sites are not taken with a cookie.',
  403,
)

/** The store of sessions and revocations does not answer. */
export const AuthStoreUnavailable: CodedError<'AUTH_STORE_UNAVAILABLE'> = codedError(
  'AUTH_STORE_UNAVAILABLE',
  'Tokens cannot be checked just now.',
  503,
)

/** A call of the app gives a grant that cannot be signed. */
export const InvalidGrantError: CodedError<'PORTCULLIS_AUTH_TOKENS_INVALID_GRANT'> = codedError(
  'PORTCULLIS_AUTH_TOKENS_INVALID_GRANT',
  'app.tokens: %s.',
  500,
)

/** The keys cannot be used. */
export const InvalidKeysError: CodedError<'PORTCULLIS_AUTH_TOKENS_INVALID_KEYS'> = codedError(
  'PORTCULLIS_AUTH_TOKENS_INVALID_KEYS',
  'auth: %s',
  'boot',
)

/** Tokens are only verified here: there is nothing to sign them or to refresh them with. */
export const NotIssuingError: CodedError<'PORTCULLIS_AUTH_TOKENS_NOT_ISSUING'> = codedError(
  'PORTCULLIS_AUTH_TOKENS_NOT_ISSUING',
  'auth: tokens are only verified here, since %s. To issue them, give it.',
  500,
)

/** The store could not be used when the app started. */
export const StoreUnreachableError: CodedError<'PORTCULLIS_AUTH_TOKENS_STORE_UNREACHABLE'> = codedError(
  'PORTCULLIS_AUTH_TOKENS_STORE_UNREACHABLE',
  'auth: %s Sessions and revocations cannot be kept without it.',
  'boot',
)
