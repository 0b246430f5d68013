import { createHmac } from 'node:crypto'
import type { RedisSource } from '@portcullis/kernel/redis'
import { RedisLink } from './redis-link.ts'
import type { StreamEntry } from './redis-link.ts'
import { buildScripts } from './redis-scripts.ts'
import type { Scripts } from './redis-scripts.ts'
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

/** How a Redis store is reached. */
export interface RedisStoreOptions {
  /** URL, options of ioredis, or a client of ioredis 5.9 or 6, which is duplicated and left alone. */
  readonly redis: RedisSource
  /**
   * What all keys begin with, in braces: they live in one slot, on one node of a Cluster, so that each step is atomic.
   * Letters, digits and `. _ : -`.
   */
  readonly keyPrefix: string
  /** Key of the HMAC-SHA-256 that subjects are named by in keys. */
  readonly keySecret: string | Uint8Array
  /** Milliseconds within which a call is answered or fails. */
  readonly timeout: number
  /** The scripts, where tests replace their clock. Default: those of `buildScripts()`. */
  readonly scripts?: Scripts
}

/** Entries of the log that are read at a time. */
const PAGE = 1_000
/** The id of a stream that nothing was ever added to. */
const NOTHING = '0-0'

type SessionReply = [string, string, string, string, number, number, number, number, number]
type RevocationReply = [RevocationScope, string, number, number]
type UseReply = ['ended'] | ['reused', string, RevocationReply] | ['used', SessionReply, number]

/**
 * Sessions and revocations in Redis 6.2 or Valkey, for any number of processes: one script per call, on the server's clock.
 *
 * What Redis has acknowledged and then loses (a failover, `appendfsync everysec`) is lost here too: a session whose last
 * use is lost goes on from what its holder has, a revocation that is lost does not hold for processes that have not
 * read it. Use PostgreSQL where that is too little.
 */
export class RedisStore implements TokenStore {
  readonly isShared = true
  readonly #link: RedisLink
  readonly #scripts: Scripts
  readonly #prefix: string
  readonly #clock: string
  readonly #log: string
  readonly #keySecret: string | Uint8Array

  /** @throws RangeError when the prefix holds anything but letters, digits and `. _ : -` */
  constructor(options: RedisStoreOptions) {
    if (!/^[\w.:-]+$/.test(options.keyPrefix))
      throw new RangeError('keyPrefix takes letters, digits and . _ : -')
    this.#link = new RedisLink(options.redis, options.timeout)
    this.#scripts = options.scripts ?? buildScripts()
    this.#prefix = `{${options.keyPrefix}}:`
    this.#clock = `${this.#prefix}clock`
    this.#log = `${this.#prefix}log`
    this.#keySecret = options.keySecret
  }

  /**
   * Connects. When it rejects, the store goes on trying in the background until it is closed.
   *
   * @returns warnings, such as that the server may evict keys; empty when there are none
   * @throws RedisUnreachable naming host and port when Redis does not answer within five seconds.
   */
  async connect(): Promise<readonly string[]> {
    const policy = await this.#link.connect()
    if (policy === 'noeviction') return []
    const found =
      policy === undefined ? 'does not tell its maxmemory-policy' : `has maxmemory-policy ${policy}`
    return [
      `Redis ${found}: where it evicts keys, sessions and revocations disappear. Set maxmemory-policy noeviction.`,
    ]
  }

  async open(session: NewSession): ReturnType<TokenStore['open']> {
    const { id, subject, grant, keyId, idleTtl, absoluteTtl, accessTtl, maxSessions } = session
    const hash = this.#hash(subject)
    const keys = [this.#session(id), `${this.#prefix}i:${hash}`, `${this.#prefix}r:${hash}`]
    const args = [id, subject, hash, grant, keyId, idleTtl, absoluteTtl, accessTtl, maxSessions]
    const reply = await this.#run('open', keys, args)
    const [opened, issuedAt, evicted] = reply as [SessionReply, number, RevocationReply[]]
    return { session: sessionOf(opened), issuedAt, evicted: evicted.map(revocationOf) }
  }

  async find(id: string): Promise<Session | undefined> {
    const reply = (await this.#run('find', [this.#session(id)], [id])) as SessionReply | null
    return reply === null ? undefined : sessionOf(reply)
  }

  async use({ id, generation, leeway, keyId, idleTtl, accessTtl, grant = '' }: Use): Promise<Used> {
    const args = [id, generation, leeway, keyId, idleTtl, accessTtl, grant]
    const reply = (await this.#run('use', [this.#session(id)], args)) as UseReply
    if (reply[0] === 'used') return { outcome: 'used', session: sessionOf(reply[1]), issuedAt: reply[2] }
    if (reply[0] === 'ended') return { outcome: 'ended' }
    return { outcome: 'reused', subject: reply[1], revocation: revocationOf(reply[2]) }
  }

  async revoke(scope: RevocationScope, id: string, accessTtl: number): Promise<Revocation> {
    const hash = scope === 'subject' ? this.#hash(id) : ''
    const keys = {
      token: [],
      session: [this.#session(id)],
      subject: [`${this.#prefix}i:${hash}`, `${this.#prefix}r:${hash}`],
      everything: [],
    }[scope]
    return revocationOf((await this.#run('revoke', keys, [scope, id, accessTtl, hash])) as RevocationReply)
  }

  async sessions(subject: string): Promise<readonly Session[]> {
    const hash = this.#hash(subject)
    const replies = await this.#run('sessions', [`${this.#prefix}i:${hash}`], [hash])
    return (replies as SessionReply[]).map(sessionOf)
  }

  async snapshot(): Promise<Revocations> {
    const { end, now } = await this.#position()
    const entries: Revocation[] = []
    let from = '-'
    for (;;) {
      const page = await this.#link.page(this.#log, from, end, PAGE)
      for (const entry of page.map(entryOf))
        if (entry.revocation.expiresAt > now) entries.push(entry.revocation)
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return { entries, cursor: end }
      from = `(${last[0]}`
    }
  }

  async changes(cursor: string): Promise<Revocations | 'lost'> {
    const { end } = await this.#position()
    if (isBefore(end, cursor)) return 'lost'
    const entries = (await this.#link.after(this.#log, cursor, PAGE)).map(entryOf)
    let last = cursor
    for (const { id, after } of entries) {
      // What came between was removed, or the server went back behind the cursor and then on.
      if (after !== last) return 'lost'
      last = id
    }
    return { entries: entries.map(({ revocation }) => revocation), cursor: last }
  }

  async close(): Promise<void> {
    this.#link.close()
  }

  async #run(
    step: keyof Scripts,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return this.#link.run(this.#scripts[step], [this.#clock, this.#log, ...keys], [this.#prefix, ...args])
  }

  async #position(): Promise<{ end: string; now: number }> {
    const [end, now] = (await this.#run('position', [], [])) as [string, number]
    return { end, now }
  }

  #session(id: string): string {
    return `${this.#prefix}s:${id}`
  }

  /** No personal value in keys: they show up in slow logs and monitors. */
  #hash(subject: string): string {
    return createHmac('sha256', this.#keySecret).update(subject).digest('base64url')
  }
}

function sessionOf(reply: SessionReply): Session {
  const [id, subject, grant, keyId, generation, createdAt, usedAt, idleExpiresAt, expiresAt] = reply
  return { id, subject, grant, keyId, generation, createdAt, usedAt, idleExpiresAt, expiresAt }
}

function revocationOf([scope, id, revokedAt, expiresAt]: RevocationReply): Revocation {
  return { scope, id, revokedAt, expiresAt }
}

/** The fields in the order that the scripts write them in. */
function entryOf([id, fields]: StreamEntry): { id: string; after: string; revocation: Revocation } {
  const [, after = NOTHING, , scope, , of = '', , at, , expires] = fields
  const revocation = {
    scope: scope as RevocationScope,
    id: of,
    revokedAt: Number(at),
    expiresAt: Number(expires),
  }
  return { id, after, revocation }
}

/** Whether an id of a stream is before another. */
function isBefore(one: string, other: string): boolean {
  const [time = 0, count = 0] = one.split('-').map(Number)
  const [otherTime = 0, otherCount = 0] = other.split('-').map(Number)
  return time === otherTime ? count < otherCount : time < otherTime
}
