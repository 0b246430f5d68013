import { setTimeout as delay } from 'node:timers/promises'
import { reasonOf } from '@portcullis/kernel/redis'
import { Calls } from './calls.ts'
import { notReady, otherVersion } from './postgres-not-ready.ts'
import { SCHEMA_VERSION } from './postgres-schema.ts'
import { StoreUnavailable } from './store-unavailable.ts'
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

/** What is used of a pool of `pg`. */
export interface PostgresPool {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
}

/** How a PostgreSQL store is reached. */
export interface PostgresStoreOptions {
  /**
   * A pool of `pg`, which stays its owner's to end; also through PgBouncer in transaction mode. Give it an `error`
   * listener: without one the process ends when an idle connection does.
   */
  readonly pool: PostgresPool
  /** Milliseconds within which a call is answered or fails. */
  readonly timeout: number
}

/** Rows that are read or removed at a time. */
const PAGE = 1_000
/** Most changes that are told at once: who is further behind needs a snapshot, which comes in pages. */
const MOST_CHANGES = 10_000
/** Milliseconds between two looks at the end of the log, and how long one call goes on looking. */
const POLL_INTERVAL = 200
const LOG_WAIT = 500
/** Milliseconds between two looks for what has expired. */
const PURGE_INTERVAL = 10_000
/** Most pages that one look removes. */
const PURGE_PAGES = 50

// A server that was started again, or another in its place, may have lost the end of the log.
const SERVER = "extract(epoch from pg_postmaster_start_time())::text || '/' || pg_current_snapshot()::text"
const ENTRY = "json_build_object('scope', scope, 'id', id, 'revokedAt', revoked_at, 'expiresAt', expires_at)"

const POSITION = `select json_build_object('cursor', ${SERVER})::text as answer`
const SNAPSHOT = `
select json_build_object('last', max(seq), 'entries', coalesce(json_agg(entry order by seq), '[]'))::text as answer
from (select seq, ${ENTRY} as entry from auth_tokens.revocations
  where seq > $1 and expires_at > auth_tokens.clock() order by seq limit ${PAGE}) as page`
// Of one statement, hence of one snapshot: what it does not see yet is what the next call asks for.
const CHANGES = `
select json_build_object('cursor', ${SERVER},
  'lost', pg_snapshot_xmax($1::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()),
  'entries', coalesce((select json_agg(${ENTRY} order by seq) from (
    select * from auth_tokens.revocations where tx >= pg_snapshot_xmax($1::pg_snapshot)
    union all
    select * from auth_tokens.revocations where tx in (select pg_snapshot_xip($1::pg_snapshot))
    limit ${MOST_CHANGES + 1}
  ) as news), '[]'))::text as answer`

/**
 * Sessions and revocations in PostgreSQL 13 or later, for any number of processes: one statement per call, on the
 * server's clock. The database holds `postgresSchema`.
 */
export class PostgresStore implements TokenStore {
  readonly isShared = true
  readonly #pool: PostgresPool
  readonly #calls: Calls
  readonly #closing = new AbortController()
  #purging: NodeJS.Timeout | undefined

  constructor({ pool, timeout }: PostgresStoreOptions) {
    this.#pool = pool
    this.#calls = new Calls(timeout, reasonOf)
  }

  /**
   * Checks the database, and from now on removes what has expired.
   *
   * @returns warnings, such as that the server may lose what it has acknowledged; empty when there are none
   * @throws PostgresNotReady saying what to do
   */
  async connect(): Promise<readonly string[]> {
    const { version, commit } = await this.#check()
    if (version !== SCHEMA_VERSION) throw otherVersion(version, SCHEMA_VERSION)
    this.#purging ??= setInterval(() => void this.#purge(), PURGE_INTERVAL).unref()
    if (commit !== 'off') return []
    return [
      'PostgreSQL has synchronous_commit off: revocations that it has acknowledged are lost when it crashes. Set it to on.',
    ]
  }

  async open(session: NewSession): ReturnType<TokenStore['open']> {
    const { id, subject, grant, keyId, idleTtl, absoluteTtl, accessTtl, maxSessions } = session
    const values = [id, subject, grant, keyId, idleTtl, absoluteTtl, accessTtl, maxSessions]
    return this.#ask('select auth_tokens.open($1, $2, $3, $4, $5, $6, $7, $8)::text as answer', values)
  }

  async find(id: string): Promise<Session | undefined> {
    const [found] = await this.#live('id', id)
    return found
  }

  async use({ id, generation, leeway, keyId, idleTtl, accessTtl, grant }: Use): Promise<Used> {
    const values = [id, generation, leeway, keyId, idleTtl, accessTtl, grant ?? null]
    return this.#ask('select auth_tokens.use($1, $2, $3, $4, $5, $6, $7)::text as answer', values)
  }

  async revoke(scope: RevocationScope, id: string, accessTtl: number): Promise<Revocation> {
    return this.#ask('select auth_tokens.revoke($1, $2, $3)::text as answer', [scope, id, accessTtl])
  }

  async sessions(subject: string): Promise<readonly Session[]> {
    return this.#live('subject', subject)
  }

  async snapshot(): Promise<Revocations> {
    const { cursor } = await this.#ask<{ cursor: string }>(POSITION, [])
    const entries: Revocation[] = []
    let from = 0
    for (;;) {
      const page = await this.#ask<{ last: number | null; entries: Revocation[] }>(SNAPSHOT, [from])
      for (const entry of page.entries) entries.push(entry)
      if (page.last === null || page.entries.length < PAGE) return { entries, cursor }
      from = page.last
    }
  }

  async changes(cursor: string): Promise<Revocations | 'lost'> {
    const [server, snapshot] = cursor.split('/')
    const endAt = performance.now() + LOG_WAIT
    for (;;) {
      const news = await this.#ask<Revocations & { lost: boolean }>(CHANGES, [snapshot])
      if (news.lost || news.cursor.split('/')[0] !== server || news.entries.length > MOST_CHANGES)
        return 'lost'
      if (news.entries.length > 0 || performance.now() >= endAt)
        return { entries: news.entries, cursor: news.cursor }
      await this.#pause()
    }
  }

  /** Ends the calls, not the pool. */
  async close(): Promise<void> {
    this.#calls.close()
    this.#closing.abort()
    clearInterval(this.#purging)
  }

  /** Every answer is JSON in a column of text: whatever parsers of types the application has set don't matter. */
  async #ask<T>(text: string, values: unknown[]): Promise<T> {
    const { rows } = await this.#calls.run(() => this.#pool.query(text, values))
    const [row] = rows as { answer: string }[]
    if (row === undefined) throw new StoreUnavailable('no answer')
    return JSON.parse(row.answer) as T
  }

  async #live(column: 'id' | 'subject', value: string): Promise<Session[]> {
    return this.#ask(
      `select coalesce(json_agg(auth_tokens.session_json(s) order by used_at desc, id collate "C" desc), '[]')::text as answer
      from auth_tokens.sessions s where ${column} = $1 and idle_expires_at > auth_tokens.clock()
        and created_at > (select everything_at from auth_tokens.state)`,
      [value],
    )
  }

  async #pause(): Promise<void> {
    await delay(POLL_INTERVAL, undefined, { signal: this.#closing.signal }).catch(() => {
      throw new StoreUnavailable('closed')
    })
  }

  async #check(): Promise<{ version: number; commit: string }> {
    // Writes as the calls do, and changes nothing.
    const text = `select json_build_object('version', auth_tokens.version(),
        'commit', current_setting('synchronous_commit'))::text as answer
      from auth_tokens.check_isolation(), auth_tokens.purge(0), auth_tokens.note_issued(0)`
    try {
      return await this.#ask(text, [])
    } catch (error) {
      throw notReady(error instanceof StoreUnavailable ? error.reason : reasonOf(error))
    }
  }

  async #purge(): Promise<void> {
    try {
      for (let page = 0; page < PURGE_PAGES; page += 1)
        if ((await this.#ask<number>(`select auth_tokens.purge(${PAGE})::text as answer`, [])) < PAGE) return
    } catch {
      // Expired rows are of no effect: the next look removes them.
    }
  }
}
