/**
 * Where sessions and revocations are kept. A session is a family of refresh tokens: its record holds the number of the
 * current one (its generation) and no token, since tokens are derived. Each call is one atomic step of the store, on the
 * store's own clock, so that any number of processes may call at once.
 */

/** What a session is opened with. Durations are milliseconds. */
export interface NewSession {
  /** Random, unguessable. */
  readonly id: string
  readonly subject: string
  /** What later access tokens of the session say, as JSON. */
  readonly grant: string
  /** The key that the current refresh token is derived with. */
  readonly keyId: string
  /** How long an unused refresh token lasts. */
  readonly idleTtl: number
  /** How long the session lasts, used or not. */
  readonly absoluteTtl: number
  /** How long revocations must be known: the longest life of an access token. */
  readonly accessTtl: number
  /** Most sessions of a subject; the least recently used ones end. */
  readonly maxSessions: number
}

/** What a session is when it is read. Times are milliseconds since the epoch, of the store's clock. */
export interface Session {
  readonly id: string
  readonly subject: string
  readonly grant: string
  readonly keyId: string
  /** The number of the refresh token that is used next, from 0. */
  readonly generation: number
  readonly createdAt: number
  readonly usedAt: number
  /** When it ends unless it is used before. */
  readonly idleExpiresAt: number
  /** When it ends in any case. */
  readonly expiresAt: number
}

/** How a refresh token is used. */
export interface Use {
  readonly id: string
  /** The number that the refresh token carries. */
  readonly generation: number
  /** For how long a refresh token may be used again after its first use. */
  readonly leeway: number
  /** The key that the successor is derived with, where there is none yet. */
  readonly keyId: string
  readonly idleTtl: number
  readonly accessTtl: number
  /** The grant to keep from now on, as JSON; without it the one that is kept stays. */
  readonly grant?: string | undefined
}

/**
 * What became of a refresh token. `used`: it had a successor made, or had it before and is within its leeway; the session
 * is as it is now. `reused`: it was used after its leeway, and the session has ended with it. `ended`: the session is over
 * (expired, revoked, unknown).
 */
export type Used =
  | { readonly outcome: 'used'; readonly session: Session; readonly issuedAt: number }
  | { readonly outcome: 'reused'; readonly subject: string; readonly revocation: Revocation }
  | { readonly outcome: 'ended' }

/** What is revoked: an access token by its `jti`, a session, all of a subject, or all tokens. */
export type RevocationScope = 'token' | 'session' | 'subject' | 'everything'

/** One revocation. It concerns tokens that were issued at or before `revokedAt`. */
export interface Revocation {
  readonly scope: RevocationScope
  /** The `jti`, session id or subject; empty for `everything`. */
  readonly id: string
  readonly revokedAt: number
  /** When no token that it concerns can be valid any more. */
  readonly expiresAt: number
}

/** A part of the log of revocations. */
export interface Revocations {
  readonly entries: readonly Revocation[]
  /** Where the next part begins. */
  readonly cursor: string
}

/** A store of sessions and revocations. What it throws is `StoreUnavailable`, without arguments of commands. */
export interface TokenStore {
  /** Whether other processes write to it too, so that revocations have to be followed. */
  readonly isShared: boolean
  /**
   * Opens a session. With an id that the subject has open already, the call is one that is made once more: the session is
   * as it is, and none makes room.
   *
   * @returns the moment that its first tokens carry as issued, later than any revocation that it must not fall under,
   * and the revocations of sessions that had to make room
   */
  open(session: NewSession): Promise<{
    readonly session: Session
    readonly issuedAt: number
    readonly evicted: readonly Revocation[]
  }>
  /** A session that has not ended, without using it. */
  find(id: string): Promise<Session | undefined>
  /** Uses a refresh token. */
  use(use: Use): Promise<Used>
  /**
   * Revokes. A session's record ends with it, a subject's sessions end, and all with `everything`.
   *
   * @param accessTtl the longest life of an access token, milliseconds
   */
  revoke(scope: RevocationScope, id: string, accessTtl: number): Promise<Revocation>
  /** The sessions of a subject that have not ended, most recently used first. */
  sessions(subject: string): Promise<readonly Session[]>
  /** All revocations that are in force, and where the log goes on after them. */
  snapshot(): Promise<Revocations>
  /**
   * Revocations since a cursor; waits a moment for the first where there is none. Some may be told twice.
   *
   * @returns `lost` when the log does not reach back to the cursor: a snapshot is needed
   */
  changes(cursor: string): Promise<Revocations | 'lost'>
  close(): Promise<void>
}
