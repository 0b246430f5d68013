import type {
  NewSession,
  Revocation,
  Revocations,
  RevocationScope,
  Session,
  TokenStore,
  Use,
  Used,
} from './store.ts'

interface Entry extends Session {
  /** When the refresh tokens before the current one were first used, the latest first. */
  readonly usedBefore: readonly number[]
}

/** Most refresh tokens of a session that may be used again at one time. */
const REMEMBERED = 16
/** Milliseconds between two looks for what has expired. */
const SWEEP_INTERVAL = 60_000
/** Milliseconds that who follows the log waits for a change. */
const LONGEST_WAIT = 1_000

/** Keeps sessions in this process: for one instance, and gone with it. */
export class MemoryStore implements TokenStore {
  readonly isShared = false
  readonly #now: () => number
  readonly #sessions = new Map<string, Entry>()
  readonly #bySubject = new Map<string, Set<string>>()
  readonly #log: Revocation[] = []
  #logStart = 0
  readonly #waiting: (() => void)[] = []
  /** The latest moment that anything was issued or revoked at; it may be ahead of the clock. */
  #latest = 0
  /** The latest moments at which subjects, and everything, were revoked: what is issued for them next is later. */
  readonly #subjectRevokedAt = new Map<string, number>()
  #everythingRevokedAt = 0
  #sweptAt: number

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now
    this.#sweptAt = now()
  }

  async open(given: NewSession): ReturnType<TokenStore['open']> {
    const now = this.#sweep()
    const same = this.#find(given.id, now)
    // The same call once more: its answer was lost.
    if (same !== undefined)
      return { session: sessionOf(same), issuedAt: this.#issue(same.usedAt), evicted: [] }
    const revokedAt = Math.max(this.#subjectRevokedAt.get(given.subject) ?? 0, this.#everythingRevokedAt)
    const issuedAt = this.#issue(revokedAt + 1)
    const surplus = this.#live(given.subject, now).slice(given.maxSessions - 1)
    const evicted = surplus.map(({ id }) => this.#revoke('session', id, given.accessTtl))
    const { id, subject, grant, keyId } = given
    const expiresAt = issuedAt + given.absoluteTtl
    const idleExpiresAt = Math.min(issuedAt + given.idleTtl, expiresAt)
    const times = { createdAt: issuedAt, usedAt: issuedAt, idleExpiresAt, expiresAt }
    const entry: Entry = { id, subject, grant, keyId, generation: 0, ...times, usedBefore: [] }
    this.#sessions.set(id, entry)
    this.#bySubject.set(subject, (this.#bySubject.get(subject) ?? new Set()).add(id))
    return { session: sessionOf(entry), issuedAt, evicted }
  }

  async find(id: string): Promise<Session | undefined> {
    const entry = this.#find(id, this.#sweep())
    return entry && sessionOf(entry)
  }

  async use({ id, generation, leeway, keyId, idleTtl, accessTtl, grant }: Use): Promise<Used> {
    const now = this.#sweep()
    const entry = this.#find(id, now)
    if (entry === undefined) return { outcome: 'ended' }
    const issuedAt = this.#issue(entry.usedAt)
    let session: Entry = { ...entry, grant: grant ?? entry.grant }
    if (generation < entry.generation) {
      const usedAt = entry.usedBefore[entry.generation - generation - 1]
      if (usedAt === undefined || issuedAt - usedAt > leeway) {
        const revocation = this.#revoke('session', id, accessTtl)
        return { outcome: 'reused', subject: entry.subject, revocation }
      }
    } else {
      // A number that the store does not know yet was given out before the store lost its latest writes.
      const known = generation === entry.generation ? entry.usedBefore : []
      session = {
        ...session,
        keyId,
        generation: generation + 1,
        usedAt: issuedAt,
        idleExpiresAt: Math.min(issuedAt + idleTtl, entry.expiresAt),
        usedBefore: [issuedAt, ...known].slice(0, REMEMBERED),
      }
    }
    this.#sessions.set(id, session)
    return { outcome: 'used', session: sessionOf(session), issuedAt }
  }

  async revoke(scope: RevocationScope, id: string, accessTtl: number): Promise<Revocation> {
    this.#sweep()
    return this.#revoke(scope, id, accessTtl)
  }

  async sessions(subject: string): Promise<readonly Session[]> {
    return this.#live(subject, this.#sweep()).map(sessionOf)
  }

  async snapshot(): Promise<Revocations> {
    const now = this.#sweep()
    return { entries: this.#log.filter(({ expiresAt }) => expiresAt > now), cursor: this.#cursor() }
  }

  async changes(cursor: string): Promise<Revocations | 'lost'> {
    if (cursor === this.#cursor()) await this.#change()
    const from = Number(cursor) - this.#logStart
    return from < 0 ? 'lost' : { entries: this.#log.slice(from), cursor: this.#cursor() }
  }

  async close(): Promise<void> {
    this.#changed()
    this.#sessions.clear()
    this.#bySubject.clear()
  }

  /** Waits for the next revocation, for a second at most. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#changed(), LONGEST_WAIT).unref()
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #changed(): void {
    for (const go of this.#waiting.splice(0)) go()
  }

  #cursor(): string {
    return String(this.#logStart + this.#log.length)
  }

  #find(id: string, now: number): Entry | undefined {
    const entry = this.#sessions.get(id)
    return entry !== undefined && now < entry.idleExpiresAt ? entry : undefined
  }

  #live(subject: string, now: number): Entry[] {
    return [...(this.#bySubject.get(subject) ?? [])]
      .map((id) => this.#find(id, now))
      .filter((entry) => entry !== undefined)
      .toSorted((a, b) => b.usedAt - a.usedAt || (a.id < b.id ? 1 : -1))
  }

  /** The moment of what is issued now, which is never before the given one. */
  #issue(least: number): number {
    const issuedAt = Math.max(this.#now(), least)
    this.#latest = Math.max(this.#latest, issuedAt)
    return issuedAt
  }

  #forget(id: string): void {
    const entry = this.#sessions.get(id)
    if (entry === undefined) return
    this.#sessions.delete(id)
    const ids = this.#bySubject.get(entry.subject)
    ids?.delete(id)
    if (ids?.size === 0) this.#bySubject.delete(entry.subject)
  }

  #revoke(scope: RevocationScope, id: string, accessTtl: number): Revocation {
    const revokedAt = Math.max(this.#now(), this.#latest)
    this.#latest = revokedAt
    if (scope === 'session') this.#forget(id)
    if (scope === 'subject') for (const one of this.#bySubject.get(id) ?? []) this.#forget(one)
    if (scope === 'everything') for (const one of this.#sessions.keys()) this.#forget(one)
    if (scope === 'subject') this.#subjectRevokedAt.set(id, revokedAt)
    if (scope === 'everything') this.#everythingRevokedAt = revokedAt
    const revocation = { scope, id, revokedAt, expiresAt: revokedAt + accessTtl }
    this.#log.push(revocation)
    this.#changed()
    return revocation
  }

  /** Forgets what has expired, now and then. */
  #sweep(): number {
    const now = this.#now()
    if (now - this.#sweptAt < SWEEP_INTERVAL) return now
    this.#sweptAt = now
    for (const { id, idleExpiresAt } of this.#sessions.values()) if (now >= idleExpiresAt) this.#forget(id)
    for (const [subject, at] of this.#subjectRevokedAt)
      if (at + SWEEP_INTERVAL < now) this.#subjectRevokedAt.delete(subject)
    const live = this.#log.findIndex(({ expiresAt }) => expiresAt > now)
    const expired = live === -1 ? this.#log.length : live
    this.#log.splice(0, expired)
    this.#logStart += expired
    return now
  }
}

function sessionOf({ usedBefore: _used, ...session }: Entry): Session {
  return session
}
