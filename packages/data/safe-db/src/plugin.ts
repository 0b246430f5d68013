import {
  createScopedValue,
  defineGate,
  onceRoutesKnown,
  routeOption,
  unsafeSetting,
} from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { checkPools } from './boot-check.ts'
import { checkTarget } from './connections/check-target.ts'
import { createPool } from './connections/pool.ts'
import type { DsnSource } from './connections/dsn-source.ts'
import type { Pool } from './connections/pool.ts'
import { DsnProblem, parseDsn } from './core/parse-dsn.ts'
import type { Dsn } from './core/parse-dsn.ts'
import { databaseFor } from './database.ts'
import type { AppDatabase, Database } from './database.ts'
import { DatabaseOffError, InvalidDsnError } from './errors.ts'
import { rememberReply } from './request-transaction.ts'
import { safeDbOptions } from './options.ts'
import type { ResolvedSafeDbOptions, SafeDbOptions } from './options.ts'
import type { Caller } from './service.ts'

const NAME = 'db'
/** What a server that is alive may take longer than its own statement timeout. */
const GRACE = 1_000

type Service = Omit<Caller, 'request'>

const services = createScopedValue<Service>()
const ofRequests = new WeakMap<FastifyRequest, Database>()

function serviceOf(scope: FastifyInstance): Service {
  const service = services.get(scope)
  if (service === undefined) throw new DatabaseOffError('safe-db is not registered in this scope')
  return service
}

function ofApp(app: FastifyInstance): AppDatabase {
  const service = serviceOf(app)
  const { write, read } = service.pools
  const database = databaseFor({ ...service, request: undefined })
  return {
    ...database,
    get status() {
      return { write: write.status, read: read.status }
    },
  }
}

function ofRequest(request: FastifyRequest): Database {
  const known = ofRequests.get(request)
  if (known !== undefined) return known
  const options = routeOption<ResolvedSafeDbOptions>(request, NAME)
  if (options === false) throw new DatabaseOffError('config.db is false on this route')
  const database = databaseFor({ ...serviceOf(request.server), options, request })
  ofRequests.set(request, database)
  return database
}

function decorate(app: FastifyInstance): void {
  if (!app.hasDecorator('db')) {
    app.decorate('db', {
      getter(this: FastifyInstance): AppDatabase {
        return ofApp(this)
      },
    })
  }
  if (!app.hasRequestDecorator('db')) {
    app.decorateRequest('db', {
      getter(this: FastifyRequest): Database {
        return ofRequest(this)
      },
    })
  }
}

/** Complains about a string at once, and not only when the first connection is made. */
function parseNow(option: 'dsn' | 'readDsn', source: DsnSource): void {
  if (typeof source !== 'string') return
  try {
    parseDsn(source)
  } catch (error) {
    if (error instanceof DsnProblem) throw new InvalidDsnError(option, error.message)
    throw error
  }
}

function openPool(
  app: FastifyInstance,
  option: 'dsn' | 'readDsn',
  source: DsnSource,
  options: Readonly<ResolvedSafeDbOptions>,
): Pool {
  parseNow(option, source)
  return createPool(source, {
    ...options,
    size: options.poolSize,
    wait: options.poolWait,
    deadline: options.statementTimeout + GRACE,
    log: (message) => app.log.warn({ code: 'DATABASE_UNAVAILABLE' }, `db.${option}: ${message}`),
    check(dsn: Dsn) {
      const unsafe = checkTarget(dsn, options)
      if (unsafe !== undefined) unsafeSetting(app, `db.${unsafe}`)
    },
  })
}

function register(app: FastifyInstance, options: Readonly<ResolvedSafeDbOptions>): void {
  const write = openPool(app, 'dsn', options.dsn, options)
  const read = options.readDsn === undefined ? write : openPool(app, 'readDsn', options.readDsn, options)
  const pools = { write, read }
  services.set(app, { app, pools, options })
  decorate(app)
  app.addHook('onRequest', async (request, reply) => {
    const mine = routeOption<ResolvedSafeDbOptions>(request, NAME)
    if (mine !== false && mine.transaction) rememberReply(request, reply)
  })
  onceRoutesKnown(app, () => checkPools(app, pools, options))
  app.addHook('onClose', async () => {
    await write.close()
    if (read !== write) await read.close()
  })
}

/**
 * PostgreSQL for an app and its requests: statements only from the `sql` tag, verified TLS, and the request's principal
 * told to the database in the transaction of each statement.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION, PORTCULLIS_SAFE_DB_INVALID_DSN,
 * PORTCULLIS_SAFE_DB_UNREACHABLE
 */
export const safeDb: FastifyPluginAsync<SafeDbOptions> = defineGate<SafeDbOptions, ResolvedSafeDbOptions>({
  name: NAME,
  package: '@portcullis/safe-db',
  options: safeDbOptions,
  register,
})
