import { problemOf } from './core/claims.ts'
import type { AccessClaims, ClaimDemands, Grant } from './core/claims.ts'
import { splitToken } from './core/compact-token.ts'
import { checkGrant, GrantProblem } from './core/grant.ts'
import { accessClaims, newSessionId } from './core/issue.ts'
import type { TokenFrame } from './core/issue.ts'
import { deriveRefreshToken, readRefreshToken } from './core/refresh-token.ts'
import type { RefreshToken } from './core/refresh-token.ts'
import type { RevocationList } from './core/revocation-list.ts'
import {
  AuthStoreUnavailable,
  InvalidGrant,
  InvalidGrantError,
  InvalidToken,
  NotIssuingError,
} from './errors.ts'
import type { CurrentKeys } from './keys/current-keys.ts'
import type { ResolvedAuthTokensOptions } from './options.ts'
import type { RevocationFollower } from './revocation/follower.ts'
import type { Revocation, RevocationScope, Session, TokenStore } from './stores/store.ts'
import { StoreUnavailable } from './stores/store-unavailable.ts'
import type { RevokeTarget, SessionInfo, TokenPair } from './tokens.ts'

/** What a service works with. */
export interface TokenServiceParts {
  readonly options: Readonly<ResolvedAuthTokensOptions>
  readonly store: TokenStore
  readonly keys: CurrentKeys
  readonly list: RevocationList
  readonly follower: RevocationFollower
  /** Told of each revocation that is made here, and whether a refresh token that was used again made it. */
  readonly onRevoked: (scope: RevocationScope, id: string, reused: boolean) => void
}

/** Issues, refreshes, verifies and revokes tokens. */
export class TokenService {
  readonly #parts: TokenServiceParts
  readonly #frame: TokenFrame
  readonly #demands: ClaimDemands
  /** How long a revocation is remembered: until the last token that it concerns has expired on every clock. */
  readonly #memory: number

  constructor(parts: TokenServiceParts) {
    const { issuer, audience, accessTtl, clockTolerance } = parts.options
    const seconds = Math.floor(accessTtl / 1000)
    this.#parts = parts
    this.#frame = { issuer, audience, life: seconds }
    this.#demands = { issuer, audience, clockTolerance: clockTolerance / 1000, longestLife: seconds }
    this.#memory = accessTtl + 2 * clockTolerance
  }

  /** See `Tokens.issue`. */
  async issue(grant: Grant): Promise<TokenPair> {
    const key = this.#refreshKey()
    try {
      checkGrant(grant)
    } catch (error) {
      throw error instanceof GrantProblem ? new InvalidGrantError(error.message) : error
    }
    const { store, options, follower } = this.#parts
    const { refreshTtl: idleTtl, absoluteTtl, maxSessions } = options
    const { session, issuedAt, evicted } = await reaching(
      store.open({
        id: newSessionId(),
        subject: grant.subject,
        grant: JSON.stringify(grant),
        keyId: key.id,
        idleTtl,
        absoluteTtl,
        maxSessions,
        accessTtl: this.#memory,
      }),
    )
    for (const revocation of evicted) follower.add(revocation)
    return this.#pair(session, issuedAt)
  }

  /** See `Tokens.refresh`. */
  async refresh(refreshToken: string): Promise<TokenPair> {
    const key = this.#refreshKey()
    const token = this.#read(refreshToken)
    if (token === undefined) throw new InvalidGrant()
    const { store, options, follower, onRevoked } = this.#parts
    const { leeway, refreshTtl: idleTtl, renewGrant } = options
    const grant = renewGrant === undefined ? undefined : await this.#renewed(token.sessionId, renewGrant)
    const { sessionId: id, generation } = token
    const used = await reaching(
      store.use({ id, generation, leeway, idleTtl, keyId: key.id, accessTtl: this.#memory, grant }),
    )
    if (used.outcome === 'used') return this.#pair(used.session, used.issuedAt)
    if (used.outcome === 'reused') {
      follower.add(used.revocation)
      onRevoked('session', id, true)
    }
    throw new InvalidGrant()
  }

  /**
   * See `Tokens.verify`.
   *
   * @param onStoreError the route's; default: the plugin's
   */
  async verify(token: string, onStoreError = this.#parts.options.onStoreError): Promise<AccessClaims> {
    const { keys } = this.#parts
    const parts = splitToken(token)
    if (parts === undefined) throw new InvalidToken()
    let verifier = keys.ring.verifierFor(parts.header)
    if (keys.isRemote) {
      if (verifier !== undefined && 'kid' in verifier) {
        await keys.renew(verifier.kid)
        verifier = keys.ring.verifierFor(parts.header)
      } else void keys.renew()
    }
    if (verifier === undefined || 'kid' in verifier) throw new InvalidToken()
    return this.#check(token, verifier.verify, onStoreError)
  }

  /** See `Tokens.revoke`. */
  async revoke(target: RevokeTarget): Promise<void> {
    if ('token' in target) return this.#revokeToken(target.token)
    if ('session' in target) return this.#revoke('session', target.session)
    if ('subject' in target) return this.#revoke('subject', target.subject)
    return this.#revoke('everything', '')
  }

  /** See `Tokens.sessions`. */
  async sessions(subject: string): Promise<readonly SessionInfo[]> {
    const sessions = await reaching(this.#parts.store.sessions(subject))
    return sessions.map(({ id, createdAt, usedAt, idleExpiresAt: expiresAt }) => ({
      id,
      createdAt,
      usedAt,
      expiresAt,
    }))
  }

  /** The session of a refresh token that would be taken, without using it. */
  async sessionOf(refreshToken: string): Promise<Session | undefined> {
    const token = this.#read(refreshToken)
    if (token === undefined) return undefined
    const session = await reaching(this.#parts.store.find(token.sessionId))
    return session !== undefined && token.generation >= session.generation ? session : undefined
  }

  #check(token: string, verify: (token: string) => unknown, onStoreError: 'closed' | 'open'): AccessClaims {
    let payload: unknown
    try {
      payload = verify(token)
    } catch {
      throw new InvalidToken()
    }
    if (problemOf(payload, this.#demands, Date.now() / 1000) !== undefined) throw new InvalidToken()
    const claims = payload as AccessClaims
    const { list, follower, options } = this.#parts
    if (list.covers(claims)) throw new InvalidToken()
    if (onStoreError === 'closed' && follower.age > options.maxStaleness) throw new AuthStoreUnavailable()
    return claims
  }

  #refreshKey(): CurrentKeys['refresh'][number] {
    const { ring, refresh } = this.#parts.keys
    if (!ring.signs) throw new NotIssuingError('no key of keys signs')
    const [key] = refresh
    if (key === undefined) throw new NotIssuingError('there is no refreshSecrets')
    return key
  }

  #read(refreshToken: string): RefreshToken | undefined {
    const { keys, options } = this.#parts
    return readRefreshToken(refreshToken, keys.refresh, options.issuer)
  }

  #pair(session: Session, issuedAt: number): TokenPair {
    const { keys, options } = this.#parts
    const grant = JSON.parse(session.grant) as Grant
    // A key that another process has and this one not yet: a token of the current one is as good.
    const key = keys.refresh.find(({ id }) => id === session.keyId) ?? this.#refreshKey()
    return {
      access_token: keys.ring.sign(accessClaims(this.#frame, grant, session, issuedAt)),
      token_type: 'bearer',
      expires_in: this.#frame.life,
      refresh_token: deriveRefreshToken(session.id, session.generation, key, options.issuer),
    }
  }

  /** What the session's next tokens say, as the app has it now; a session of somebody who may not go on ends. */
  async #renewed(id: string, renew: NonNullable<ResolvedAuthTokensOptions['renewGrant']>): Promise<string> {
    const session = await reaching(this.#parts.store.find(id))
    if (session === undefined) throw new InvalidGrant()
    const before = JSON.parse(session.grant) as Grant
    const after = await renew(before)
    if (after === null) {
      await this.#revoke('session', id)
      throw new InvalidGrant()
    }
    // When and how they authenticated does not change by itself.
    const grant: Grant = {
      authTime: before.authTime ?? session.createdAt,
      acr: before.acr,
      ...after,
      subject: before.subject,
    }
    try {
      checkGrant(grant)
    } catch (error) {
      throw error instanceof GrantProblem ? new InvalidGrantError(error.message) : error
    }
    return JSON.stringify(grant)
  }

  async #revokeToken(token: string): Promise<void> {
    const refresh = this.#read(token)
    if (refresh !== undefined) return this.#revoke('session', refresh.sessionId)
    try {
      const { jti } = await this.verify(token)
      await this.#revoke('token', jti)
    } catch (error) {
      if (!(error instanceof InvalidToken)) throw error
    }
  }

  async #revoke(scope: RevocationScope, id: string): Promise<void> {
    const { store, follower, onRevoked } = this.#parts
    const revocation: Revocation = await reaching(store.revoke(scope, id, this.#memory))
    follower.add(revocation)
    onRevoked(scope, id, false)
  }
}

/** Waits for the store. What it cannot do is an error for the client that says nothing of the store. */
async function reaching<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call
  } catch (error) {
    throw error instanceof StoreUnavailable ? new AuthStoreUnavailable() : error
  }
}
