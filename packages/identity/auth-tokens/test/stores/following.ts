import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startRedis } from '@portcullis/kernel/testing'
import { expect } from 'vitest'
import { PostgresStore } from '../../src/stores/postgres-store.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { TokenStore } from '../../src/stores/store.ts'
import { StoreUnavailable } from '../../src/stores/store-unavailable.ts'
import { KEY_PREFIX, KEY_SECRET, quietPool, startDatabase } from './harness.ts'

/** A store of which every connection can be cut. */
export interface Breakable {
  readonly writer: TokenStore
  readonly reader: TokenStore
  /** Cuts the connections of both. */
  cut(): Promise<void>
  close(): Promise<void>
}

export async function breakableRedis(): Promise<Breakable> {
  const redis = await startRedis()
  const admin = new Redis(redis.url)
  const open = async (): Promise<RedisStore> => {
    const store = new RedisStore({
      redis: redis.url,
      keyPrefix: KEY_PREFIX,
      keySecret: KEY_SECRET,
      timeout: 1_000,
    })
    await store.connect()
    return store
  }
  const [writer, reader] = [await open(), await open()]
  return {
    writer,
    reader,
    async cut() {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    },
    async close() {
      await Promise.all([writer.close(), reader.close()])
      admin.disconnect()
      await redis.stop()
    },
  }
}

export async function breakablePostgres(): Promise<Breakable> {
  const database = await startDatabase()
  const pools = [quietPool(database.dsn, 3), quietPool(database.dsn, 3)]
  const [writer, reader] = pools.map((pool) => new PostgresStore({ pool, timeout: 1_000 })) as [
    PostgresStore,
    PostgresStore,
  ]
  return {
    writer,
    reader,
    async cut() {
      await database.admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'",
      )
    },
    async close() {
      await Promise.all([writer.close(), reader.close()])
      await Promise.all(pools.map((pool) => pool.end()))
      await database.close()
    },
  }
}

/** Revocations are written and followed while all connections are cut again and again: none is missed. */
export async function followThroughCuts({ writer, reader, cut }: Breakable, cuts: number): Promise<void> {
  const written = new Set<string>()
  const seen = new Set<string>()
  const failed = { writes: 0, reads: 0 }
  const writing = new AbortController()
  let endAt = Infinity
  let last = ''
  let lost = 0
  const write = async (): Promise<void> => {
    for (let at = 0; !writing.signal.aborted; at += 1) {
      const id = `t${at}`
      try {
        await writer.revoke('token', id, 600_000)
        written.add(id)
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailable)
        failed.writes += 1
      }
      await delay(2)
    }
  }
  const follow = async (): Promise<void> => {
    const { entries, cursor: end } = await reader.snapshot()
    for (const { id } of entries) seen.add(id)
    let cursor = end
    while (!writing.signal.aborted || [...written].some((id) => !seen.has(id))) {
      try {
        const changes = await reader.changes(cursor)
        if (changes === 'lost') {
          lost += 1
          return
        }
        for (const { id } of changes.entries) seen.add(id)
        cursor = changes.cursor
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailable)
        failed.reads += 1
        last = String(error)
        await delay(10)
      }
      if (performance.now() > endAt) expect.fail(`not told in time, after ${failed.reads} failures: ${last}`)
    }
  }
  const both = Promise.all([write(), follow()])
  for (let round = 0; round < cuts; round += 1) {
    await delay(100)
    await cut()
  }
  await delay(100)
  writing.abort()
  endAt = performance.now() + 10_000
  await both
  expect(lost).toBe(0)
  expect([...written].filter((id) => !seen.has(id))).toEqual([])
  // The cuts were felt.
  expect(written.size).toBeGreaterThan(cuts * 5)
  expect(failed.reads + failed.writes).toBeGreaterThan(0)
}
