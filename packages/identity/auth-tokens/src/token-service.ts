import { problemOf } from './core/claims.ts'
import type { AccessClaims, ClaimDemands, Grant } from './core/claims.ts'
import { splitToken } from './core/compact-token.ts'
import { checkGrant, checkName, checkTarget, GrantProblem } from './core/grant.ts'
import type { SessionGrant } from './core/grant.ts'
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

/** Tells the thumbprint of the key that a client proves to have. */
type ProveKey = () => Promise<string | undefined>

const nobodyProves: ProveKey = async () => undefined

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

  /**
   * See `Tokens.issue`.
   *
   * @param jkt the thumbprint of the key that the session is bound to, if any
   */
  async issue(grant: Grant, jkt?: string): Promise<TokenPair> {
    const key = this.#refreshKey()
    checking(() => checkGrant(grant))
    const { store, options, follower } = this.#parts
    const { refreshTtl: idleTtl, absoluteTtl, maxSessions } = options
    const { session, issuedAt, evicted } = await reaching(
      store.open({
        id: newSessionId(),
        subject: grant.subject,
        grant: JSON.stringify({ ...grant, jkt } satisfies SessionGrant),
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

  /**
   * See `Tokens.refresh`.
   *
   * @param prove tells the thumbprint of the client's key, if it shows one; asked for tokens alone that were made here
   */
  async refresh(refreshToken: string, prove: ProveKey = nobodyProves): Promise<TokenPair> {
    const key = this.#refreshKey()
    const token = this.#read(refreshToken)
    if (token === undefined) throw new InvalidGrant()
    const { store, options, follower, onRevoked } = this.#parts
    const { leeway, refreshTtl: idleTtl, renewGrant, dpop } = options
    const { sessionId: id, generation } = token
    const stays = renewGrant === undefined && dpop === 'off'
    const grant = stays ? undefined : await this.#renewed(id, await prove())
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

  /**
   * The claims of an access token, or nothing for what is no valid one.
   *
   * @throws AUTH_STORE_UNAVAILABLE
   */
  async claimsIfValid(token: string): Promise<AccessClaims | undefined> {
    try {
      return await this.verify(token)
    } catch (error) {
      if (error instanceof InvalidToken) return undefined
      throw error
    }
  }

  /** See `Tokens.revoke`. */
  async revoke(target: RevokeTarget): Promise<void> {
    checking(() => checkTarget(target))
    if ('token' in target) return this.#revokeToken(target.token)
    if ('session' in target) return this.#revoke('session', target.session)
    if ('subject' in target) return this.#revoke('subject', target.subject)
    return this.#revoke('everything', '')
  }

  /** See `Tokens.sessions`. */
  async sessions(subject: string): Promise<readonly SessionInfo[]> {
    checking(() => checkName('subject', subject))
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
    const grant = JSON.parse(session.grant) as SessionGrant
    // A key that another process has and this one not yet: a token of the current one is as good.
    const key = keys.refresh.find(({ id }) => id === session.keyId) ?? this.#refreshKey()
    return {
      access_token: keys.ring.sign(accessClaims(this.#frame, grant, session, issuedAt)),
      token_type: grant.jkt === undefined ? 'bearer' : 'DPoP',
      expires_in: this.#frame.life,
      refresh_token: deriveRefreshToken(session.id, session.generation, key, options.issuer),
    }
  }

  /** What the session's next tokens say, as the app has it now; a session of somebody who may not go on ends. */
  async #renewed(id: string, proven: string | undefined): Promise<string> {
    const { store, options } = this.#parts
    const session = await reaching(store.find(id))
    if (session === undefined) throw new InvalidGrant()
    const { jkt = proven, ...before } = JSON.parse(session.grant) as SessionGrant
    if (jkt !== proven) throw new InvalidGrant()
    const { renewGrant: renew = (same: Grant) => same } = options
    const after = await renew(before)
    if (after === null) {
      await this.#revoke('session', id)
      throw new InvalidGrant()
    }
    // Nothing is no answer: it would go on without roles.
    checking(() => {
      if (typeof after !== 'object')
        throw new GrantProblem('renewGrant takes a function that answers a grant, or null')
    })
    // When and how they authenticated does not change by itself.
    const grant: SessionGrant = {
      authTime: before.authTime ?? session.createdAt,
      acr: before.acr,
      ...after,
      subject: before.subject,
      jkt,
    }
    checking(() => checkGrant(grant))
    return JSON.stringify(grant)
  }

  async #revokeToken(token: string): Promise<void> {
    const refresh = this.#read(token)
    if (refresh !== undefined) return this.#revoke('session', refresh.sessionId)
    const claims = await this.claimsIfValid(token)
    if (claims !== undefined) await this.#revoke('token', claims.jti)
  }

  async #revoke(scope: RevocationScope, id: string): Promise<void> {
    const { store, follower, onRevoked } = this.#parts
    const revocation: Revocation = await reaching(store.revoke(scope, id, this.#memory))
    follower.add(revocation)
    onRevoked(scope, id, false)
  }
}

/** Checks what the app gives a call. */
function checking(check: () => void): void {
  try {
    check()
  } catch (error) {
    throw error instanceof GrantProblem ? new InvalidGrantError(error.message) : error
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
