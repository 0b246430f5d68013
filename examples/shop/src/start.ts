import { randomBytes } from 'node:crypto'
import { Listr } from 'listr2'
import { prepareDatabase } from './database/prepare.ts'
import type { Gate } from './gates.ts'
import { buildShop } from './server.ts'
import { findDatabase, findRedis, makeTrail, type OwnedDatabase } from './services.ts'
import type { Shutdown } from './shutdown.ts'
import { createLog, openBackstage, type Backstage } from './tour/backstage.ts'

/** A start that failed. The list of tasks has told why. */
export class StartFailure extends Error {
  constructor(cause: unknown) {
    super('The demo did not start', { cause })
  }
}

/** A shop that listens. */
export interface OpenShop {
  readonly origin: string
  readonly backstage: Backstage
}

/** What the tour visits. */
export interface Demo {
  /** The shop with every gate. */
  readonly shop: OpenShop
  /** The shop without some gates; null where none is left out. */
  readonly reduced: OpenShop | null
}

/** Starts the services and the shop and shows progress; with gates to leave out, a second shop on the same data. */
export async function startDemo(
  without: ReadonlySet<Gate>,
  shutdown: Shutdown,
  terminal: boolean,
): Promise<Demo> {
  const begun: {
    database?: OwnedDatabase
    dsn?: string
    redisUrl?: string | null
    shop?: OpenShop
    reduced?: OpenShop
  } = {}
  const tasks = new Listr(
    [
      {
        title: 'Starting PostgreSQL',
        task: async (_context, task) => {
          const database = await findDatabase()
          shutdown.add(database.stop)
          begun.database = database.value
          task.title = database.description
        },
      },
      {
        title: 'Looking for Redis',
        task: async (_context, task) => {
          const redis = await findRedis()
          shutdown.add(redis.stop)
          begun.redisUrl = redis.value
          task.title = redis.description
        },
      },
      {
        title: 'Generating data',
        task: async (_context, task) => {
          const { owner, url } = present(begun.database)
          const { rows, dsn } = await prepareDatabase(owner, url)
          begun.dsn = dsn
          task.title = `${rows.toLocaleString('en')} rows of generated data`
        },
      },
      {
        title: 'Opening the shop',
        task: async (_context, task) => {
          const [{ owner }, dsn, redisUrl] = [
            present(begun.database),
            present(begun.dsn),
            begun.redisUrl ?? null,
          ]
          const open = async (left: ReadonlySet<Gate>, keyPrefix: string): Promise<OpenShop> => {
            const [trail, log] = [await makeTrail(), createLog()]
            shutdown.add(trail.stop)
            const shop = await buildShop({
              dsn,
              owner,
              log,
              trail: trail.value,
              redisUrl,
              environment: 'development',
              // Nothing outlives the demo, so a secret of its own is enough.
              keySecret: randomBytes(32).toString('base64'),
              keyPrefix: `${keyPrefix}:${process.pid}`,
              without: left,
            })
            shutdown.add(() => shop.close())
            const origin = await shop.listen({ host: '127.0.0.1', port: 0 }).catch(withMend)
            return { origin, backstage: openBackstage(shop, trail.value, log) }
          }
          begun.shop = await open(new Set(), 'shop')
          if (without.size > 0) begun.reduced = await open(without, 'shop-reduced')
          task.title = `Shop at ${begun.shop.origin}`
        },
      },
    ],
    { renderer: terminal ? 'default' : 'simple', registerSignalListeners: false },
  )
  await tasks.run().catch((error: unknown) => {
    throw new StartFailure(error)
  })
  return { shop: present(begun.shop), reduced: begun.reduced ?? null }
}

/** Says what may be wrong, where a gate cannot know of `REDIS_URL`. */
function withMend(error: Error & { code?: string }): never {
  if (error.code !== 'PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE') throw error
  const mend =
    'Is REDIS_URL right? Without it, the demo uses a Redis of its own, or memory where none is installed.'
  throw new Error(`${error.message} ${mend}`)
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('A start task ran before the one it needs')
  return value
}
