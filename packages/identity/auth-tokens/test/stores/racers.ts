import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startRedis } from '@portcullis/kernel/testing'
import { PostgresStore } from '../../src/stores/postgres-store.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { TokenStore } from '../../src/stores/store.ts'
import { KEY_PREFIX, KEY_SECRET, quietPool, startDatabase } from './harness.ts'

const program = fileURLToPath(new URL('racer.program.js', import.meta.url))

/** A store on a server of its own, which other processes share. */
export interface SharedStore {
  readonly store: TokenStore
  /** What a process is told of it. */
  readonly task: Readonly<Record<string, unknown>>
  /** Calls that ended because two waited for each other, as the server has counted. */
  deadlocks(): Promise<number>
  close(): Promise<void>
}

export async function sharedRedis(): Promise<SharedStore> {
  const redis = await startRedis()
  const place = { keyPrefix: KEY_PREFIX, keySecret: KEY_SECRET }
  const store = new RedisStore({ redis: redis.url, ...place, timeout: 20_000 })
  await store.connect()
  return {
    store,
    task: { store: 'redis', url: redis.url, ...place },
    deadlocks: async () => 0,
    async close() {
      await store.close()
      await redis.stop()
    },
  }
}

export async function sharedPostgres(): Promise<SharedStore> {
  const database = await startDatabase()
  const pool = quietPool(database.dsn, 8)
  const store = new PostgresStore({ pool, timeout: 20_000 })
  await store.connect()
  return {
    store,
    task: { store: 'postgres', url: database.dsn },
    async deadlocks() {
      const text = 'select sum(deadlocks)::int as deadlocks from pg_stat_database'
      const { rows } = await database.admin.query<{ deadlocks: number }>(text)
      return rows[0]?.deadlocks ?? -1
    },
    async close() {
      await store.close()
      await pool.end()
      await database.close()
    },
  }
}

/** Runs a task in several processes at once, beside some work of this one, and returns what each printed. */
export async function race(
  processes: number,
  task: Readonly<Record<string, unknown>>,
  work: () => Promise<void> = async () => undefined,
): Promise<unknown[]> {
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, [program, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  try {
    const lines = children.map(({ stdout }) => createInterface(stdout)[Symbol.asyncIterator]())
    for (const each of await Promise.all(lines.map((line) => line.next())))
      if (each.value !== 'ready') throw new Error('a process did not start')
    for (const { stdin } of children) stdin.write('go\n')
    const [said] = await Promise.all([Promise.all(lines.map((line) => line.next())), work()])
    await Promise.all(children.map(ended))
    return said.map(({ value }) => JSON.parse(String(value)) as unknown)
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
