import type { ClientError } from '@portcullis/kernel'

/** Codes with what RFC 6750, section 3.1, calls them. */
const ERRORS: Readonly<Record<string, string>> = {
  INVALID_TOKEN: 'invalid_token',
  INVALID_REQUEST: 'invalid_request',
}

/**
 * The headers of a refusal: what is asked for (RFC 6750, section 3), and that nobody keeps the answer.
 *
 * @param realm the issuer
 */
export function challenge(error: ClientError, realm: string): Readonly<Record<string, string>> {
  const noStore = { 'cache-control': 'no-store' }
  if (error.statusCode === 503) return { ...noStore, 'retry-after': '1' }
  const name = ERRORS[error.code]
  if (error.statusCode !== 401 && name === undefined) return noStore
  // A realm is a quoted string; an issuer is a URL, whose quotes and backslashes are escaped already.
  const asked = name === undefined ? `Bearer realm="${realm}"` : `Bearer realm="${realm}", error="${name}"`
  return { ...noStore, 'www-authenticate': asked }
}
