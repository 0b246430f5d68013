import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { Listr } from 'listr2'
import { prepareDatabase } from './database/prepare.ts'
import type { Gate } from './gates.ts'
import { buildShop } from './server.ts'
import { findDatabase, findRedis, type OwnedDatabase } from './services.ts'
import type { Shutdown } from './shutdown.ts'

/** What the tour visits. */
export interface Demo {
  /** Where the shop with every gate listens. */
  readonly origin: string
  /** Where the shop without some gates listens; null where none is left out. */
  readonly reducedOrigin: string | null
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
    origin?: string
    reducedOrigin?: string
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
          const open = async (left: ReadonlySet<Gate>, keyPrefix: string): Promise<string> => {
            const shop = await buildShop({
              dsn,
              owner,
              redisUrl,
              environment: 'development',
              // Nothing outlives the demo, so a secret of its own is enough.
              keySecret: randomBytes(32).toString('base64'),
              keyPrefix: `${keyPrefix}:${process.pid}`,
              without: left,
            })
            shutdown.add(() => shop.close())
            return listen(shop)
          }
          begun.origin = await open(new Set(), 'shop')
          if (without.size > 0) begun.reducedOrigin = await open(without, 'shop-reduced')
          task.title = `Shop at ${begun.origin}`
        },
      },
    ],
    { renderer: terminal ? 'default' : 'simple', registerSignalListeners: false },
  )
  await tasks.run()
  return { origin: present(begun.origin), reducedOrigin: begun.reducedOrigin ?? null }
}

function listen(shop: FastifyInstance): Promise<string> {
  return shop.listen({ host: '127.0.0.1', port: 0 })
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('A start task ran before the one it needs')
  return value
}
