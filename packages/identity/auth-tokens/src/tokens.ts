import type { AccessClaims, Grant } from './core/claims.ts'

/** The answer to who gets tokens (RFC 6749, section 5.1). */
export interface TokenPair {
  readonly access_token: string
  readonly token_type: 'bearer'
  /** Seconds that the access token lasts. */
  readonly expires_in: number
  readonly refresh_token: string
}

/** One session of a subject. Times are milliseconds since the epoch. */
export interface SessionInfo {
  readonly id: string
  readonly createdAt: number
  readonly usedAt: number
  /** When it ends unless it is used before. */
  readonly expiresAt: number
}

/** What is revoked. */
export type RevokeTarget =
  /** One token: an access token alone, or the whole session of a refresh token (RFC 7009, section 2.1). */
  | { readonly token: string }
  /** A session and its access tokens. */
  | { readonly session: string }
  /** All of a subject. */
  | { readonly subject: string }
  /** All tokens of this issuer. */
  | { readonly everything: true }

/** The decorator `app.tokens`. */
export interface Tokens {
  /**
   * Opens a session for somebody whom the app has authenticated.
   *
   * @throws PORTCULLIS_AUTH_TOKENS_INVALID_GRANT, PORTCULLIS_AUTH_TOKENS_NOT_ISSUING, AUTH_STORE_UNAVAILABLE
   */
  issue(grant: Grant): Promise<TokenPair>
  /**
   * Exchanges a refresh token for a new pair. Repeated or parallel calls with one token get the same refresh token while
   * its leeway lasts; after it, the session and its access tokens end.
   *
   * @throws INVALID_GRANT, never saying why; AUTH_STORE_UNAVAILABLE
   */
  refresh(refreshToken: string): Promise<TokenPair>
  /**
   * The claims of an access token. The one way to verify them, whatever they came over: HTTP, WebSocket or server-sent
   * events.
   *
   * @throws INVALID_TOKEN, never saying why; AUTH_STORE_UNAVAILABLE where revocations are not known well enough
   */
  verify(accessToken: string): Promise<AccessClaims>
  /**
   * Revokes. When it returns, no refresh token of what was revoked is taken anywhere, and no access token here; other
   * processes follow within moments. A token that is none changes nothing (RFC 7009, section 2.2).
   *
   * @throws AUTH_STORE_UNAVAILABLE
   */
  revoke(target: RevokeTarget): Promise<void>
  /** The same as `revoke({ subject })`: signs a subject out everywhere. */
  revokeAll(subject: string): Promise<void>
  /** The sessions of a subject, most recently used first. */
  sessions(subject: string): Promise<readonly SessionInfo[]>
  /**
   * Calls `end` once when a token is revoked or expires: for a connection that the app keeps open by itself.
   *
   * @returns a function that ends the watch
   */
  whenEnded(claims: AccessClaims, end: () => void): () => void
}
