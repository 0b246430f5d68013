import pg from 'pg'
import type { HandshakePolicy } from '../core/handshake.ts'
import { reasonOf } from '../core/pg-errors.ts'
import type { Dsn } from '../core/parse-dsn.ts'
import { cancelOn } from './cancel.ts'
import { GuardedConnection } from './guarded-connection.ts'

/** How the server's certificate is checked. `verify-full`: its chain and its name. */
export type Tls = 'verify-full' | 'disable' | TlsOptions

/** `verify-full` with certificates of one's own, each as PEM. */
export interface TlsOptions {
  /** Authorities to trust instead of Node's. */
  readonly ca?: string | readonly string[] | undefined
  /** Certificate and key of this client, where the server asks for them. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** What a pool needs to know. Times are milliseconds. */
export interface PoolSettings {
  readonly size: number
  readonly maxWaiting: number
  readonly wait: number
  readonly tls: Tls
  readonly connectTimeout: number
  readonly statementTimeout: number
  readonly lockTimeout: number
  readonly idleInTransactionTimeout: number
  readonly requireAuth: HandshakePolicy['method']
  readonly channelBinding: HandshakePolicy['channelBinding']
  readonly scramIterations: HandshakePolicy['iterations']
  readonly pooler: 'none' | 'transaction'
  /** How long a server may be silent before it counts as gone. */
  readonly deadline: number
  /** Throws where a connection must not be made. */
  readonly check: (dsn: Dsn) => void
  readonly log: (message: string) => void
}

const IDLE_TIMEOUT = 30_000
const MAX_LIFETIME_SECONDS = 1_800

/** A pool of pg whose connections can be closed without asking the server. */
export class OpenPool extends pg.Pool {
  readonly #clients = new Set<pg.PoolClient>()
  readonly #taking = new Set<Promise<pg.PoolClient>>()
  /** Asks the server to cancel what it does for a client: {@link cancelOn}. */
  readonly cancel: (client: pg.PoolClient) => Promise<boolean>

  constructor(config: pg.PoolConfig, cancel: OpenPool['cancel']) {
    super(config)
    this.cancel = cancel
    this.on('connect', (client) => this.#clients.add(client))
    this.on('remove', (client) => this.#clients.delete(client))
  }

  /** Takes a connection. */
  async take(): Promise<pg.PoolClient> {
    const client = this.connect()
    this.#taking.add(client)
    try {
      return await client
    } finally {
      this.#taking.delete(client)
    }
  }

  /** Ends the pool when everybody has what they asked for: `end` alone would leave them waiting for nothing. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#taking)
    await this.end()
  }

  /** Closes all connections, those that are taken too. */
  destroy(): void {
    for (const client of this.#clients) {
      ;(client as unknown as Pick<pg.Client, 'connection'>).connection.stream.destroy()
    }
  }
}

/** What pg takes as `ssl`. Every check is said, since an environment variable could switch off what is not. */
function sslOf(tls: Tls): NonNullable<pg.PoolConfig['ssl']> {
  if (tls === 'disable') return false
  const { ca, cert, key } = tls === 'verify-full' ? {} : tls
  const own = { ca: typeof ca === 'string' || ca === undefined ? ca : [...ca], cert, key }
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  return { ...given, rejectUnauthorized: true, minVersion: 'TLSv1.2' }
}

/**
 * What the session begins with; pg itself would add what `PG*` variables say. Timeouts are no business of a transaction
 * pooler, which would drop them, or pass them on to others.
 */
function startOf(dsn: Dsn, settings: PoolSettings): Readonly<Record<string, string>> {
  const { pooler, statementTimeout, lockTimeout, idleInTransactionTimeout } = settings
  const start = {
    user: dsn.user,
    database: dsn.database,
    application_name: dsn.applicationName ?? 'safe-db',
  }
  if (pooler === 'transaction') return start
  return {
    ...start,
    standard_conforming_strings: 'on',
    statement_timeout: String(statementTimeout),
    lock_timeout: String(lockTimeout),
    idle_in_transaction_session_timeout: String(idleInTransactionTimeout),
  }
}

/**
 * Opens a pool of pg. Everything that `PG*` environment variables could set is set here, so that they change nothing; the
 * connection string itself is not passed on, because pg would let it override the rest.
 */
export function openPool(dsn: Dsn, settings: PoolSettings): OpenPool {
  const policy: HandshakePolicy = {
    method: settings.requireAuth,
    // Without TLS, there is nothing to bind to.
    channelBinding: settings.tls === 'disable' ? 'disable' : settings.channelBinding,
    iterations: settings.scramIterations,
  }
  // One object for all: pg hides its key from those who print it.
  const ssl = sslOf(settings.tls)
  // A function is not printed with the options, and an empty password sends nobody to ~/.pgpass.
  const password = () => dsn.password
  const connect = () => new GuardedConnection({ ssl, keepAlive: true }, policy)
  const start = startOf(dsn, settings)
  /** Each client of the pool on a connection of its own that is guarded. */
  class GuardedClient extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super({ ...config, password, connection: connect() } as pg.ClientConfig)
    }

    /** Called by pg. */
    getStartupConf(): Readonly<Record<string, string>> {
      return start
    }
  }
  const config = {
    host: dsn.host,
    port: dsn.port,
    user: dsn.user,
    password,
    database: dsn.database,
    client_encoding: 'UTF8',
    ssl,
    sslnegotiation: 'postgres',
    enableChannelBinding: policy.channelBinding !== 'disable',
    scramMaxIterations: settings.scramIterations.max,
    Client: GuardedClient as unknown as new () => pg.ClientBase,
    max: settings.size,
    connectionTimeoutMillis: settings.connectTimeout,
    idleTimeoutMillis: IDLE_TIMEOUT,
    maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
    allowExitOnIdle: true,
    keepAlive: true,
  }
  const pool = new OpenPool(config as pg.PoolConfig, (client) =>
    cancelOn(connect(), dsn, client, settings.connectTimeout),
  )
  // An idle connection that breaks is replaced when the next one is taken.
  pool.on('error', (error) => settings.log(`an idle connection broke: ${reasonOf(error)}`))
  return pool
}
