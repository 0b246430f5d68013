import { createPermits } from '../core/permits.ts'
import { DsnProblem, parseDsn } from '../core/parse-dsn.ts'
import type { Dsn } from '../core/parse-dsn.ts'
import { busy, mapError, reasonOf } from '../core/pg-errors.ts'
import { LATE, within } from '../core/within.ts'
import { DatabaseUnavailableError } from '../errors.ts'
import { askOnce } from './dsn-source.ts'
import type { DsnSource } from './dsn-source.ts'
import { createConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import { openPool } from './open-pool.ts'
import type { OpenPool, PoolSettings } from './open-pool.ts'

/** How many connections a pool has. */
export interface PoolStatus {
  /** Connections that are taken. */
  readonly taken: number
  /** Who waits for one. */
  readonly waiting: number
  /** Connections that are open. */
  readonly open: number
}

/** Connections to one database. */
export interface Pool {
  /**
   * Takes a connection. Everybody who takes one releases it.
   *
   * @throws DATABASE_BUSY when none is free in time or too many wait; DATABASE_UNAVAILABLE when none can be made
   */
  take(): Promise<Connection>
  /** The same for the check at boot: errors come as they are. */
  takeFirst(): Promise<Connection>
  /** Host and port, once they are known. */
  readonly address: string | undefined
  /** Where statements go, once it is known. */
  readonly target: Pick<Dsn, 'host' | 'port' | 'database'> | undefined
  readonly status: PoolStatus
  close(): Promise<void>
}

interface Generation {
  readonly source: string
  readonly dsn: Dsn
  readonly pool: OpenPool
}

/** Creates a pool. Nothing is opened before the first connection is taken. */
export function createPool(source: DsnSource, settings: PoolSettings): Pool {
  const permits = createPermits(settings.size, settings.maxWaiting)
  const draining = new Map<OpenPool, Promise<void>>()
  let current: Generation | undefined
  const askForDsn = askOnce(source, settings.connectTimeout)
  let closed = false

  function retire({ pool }: Generation): void {
    const end = pool.drain().finally(() => draining.delete(pool))
    draining.set(pool, end)
  }

  /** User and password always come of one string: when it changes, new connections come from a new pool. */
  async function generation(): Promise<Generation> {
    const text = await askForDsn()
    if (closed) throw new DatabaseUnavailableError()
    if (current !== undefined && current.source === text) return current
    const dsn = parseDsn(text)
    settings.check(dsn)
    if (current !== undefined) retire(current)
    current = { source: text, dsn, pool: openPool(dsn, settings) }
    return current
  }

  /** The pool, where nobody has to be asked: nothing can change, or a connection is there that nobody waits for. */
  function poolAtOnce(): OpenPool | undefined {
    if (current === undefined) return undefined
    const { pool } = current
    return typeof source === 'string' || pool.idleCount > pool.waitingCount ? pool : undefined
  }

  async function connect(): Promise<Connection> {
    try {
      if (closed) throw new DatabaseUnavailableError()
      const pool = poolAtOnce() ?? (await generation()).pool
      // While we were resumed, somebody else may have found a newer string.
      const newest = draining.has(pool) && current !== undefined ? current.pool : pool
      return createConnection(await newest.take(), newest, settings, () => permits.give())
    } catch (error) {
      permits.give()
      throw error
    }
  }

  return {
    async take() {
      const got = permits.take(settings.wait)
      if (got !== true && !(await got)) throw busy()
      try {
        return await connect()
      } catch (error) {
        // Who asked is not told why; who runs the server is.
        if (!closed)
          settings.log(error instanceof DsnProblem ? error.message : `no connection: ${reasonOf(error)}`)
        throw mapError(error)
      }
    },
    async takeFirst() {
      if (!(await permits.take(settings.wait))) throw busy()
      return connect()
    },
    get address() {
      return current && `${current.dsn.host}:${current.dsn.port}`
    },
    get target() {
      return current?.dsn
    },
    get status() {
      return { taken: permits.taken, waiting: permits.waiting, open: current?.pool.totalCount ?? 0 }
    },
    async close() {
      closed = true
      if (current !== undefined) retire(current)
      current = undefined
      const drained = Promise.all(draining.values())
      // A server that is alive answers within the deadline. One that is not says no goodbye either.
      if ((await within(settings.deadline, drained)) !== LATE) return
      for (const pool of draining.keys()) pool.destroy()
      await drained
    },
  }
}
