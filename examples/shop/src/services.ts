import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { startPostgres, startRedis } from '@portcullis/kernel/testing'
import { connect } from './database/connect.ts'
import { removeDatabase } from './database/prepare.ts'
import type { Pool } from 'pg'

/** Something that was started and has to be stopped. */
export interface Service<Value> {
  readonly value: Value
  /** One line for people: what it is and where it runs. */
  readonly description: string
  readonly stop: () => Promise<void>
}

/** Where the shop's tables go, and a pool of who may make them. */
export interface OwnedDatabase {
  readonly url: string
  readonly owner: Pool
}

/** The database of `DATABASE_URL`, or a PostgreSQL server of our own. Stopping removes the shop's data. */
export async function findDatabase(
  databaseUrl = process.env['DATABASE_URL'],
): Promise<Service<OwnedDatabase>> {
  if (databaseUrl !== undefined && databaseUrl !== '') {
    const owner = await connect(databaseUrl)
    return {
      value: { url: databaseUrl, owner },
      description: 'PostgreSQL of DATABASE_URL, in a schema of its own',
      stop: async () => {
        try {
          await removeDatabase(owner)
        } finally {
          await owner.end()
        }
      },
    }
  }
  const postgres = await startPostgres()
  const owner = await connect(postgres.url)
  return {
    value: { url: postgres.url, owner },
    description: `PostgreSQL of our own on port ${postgres.port}`,
    stop: async () => {
      await owner.end()
      await postgres.stop()
    },
  }
}

/** The Redis of `REDIS_URL`, or a server of our own where one is installed; otherwise gates count in memory. */
export async function findRedis(redisUrl = process.env['REDIS_URL']): Promise<Service<string | null>> {
  const stop = (): Promise<void> => Promise.resolve()
  if (redisUrl !== undefined && redisUrl !== '')
    return { value: redisUrl, description: 'Redis of REDIS_URL', stop }
  if (!['redis-server', 'valkey-server'].some(isInstalled)) {
    return {
      value: null,
      description: 'No Redis found (REDIS_URL, redis-server, valkey-server): gates count in memory',
      stop,
    }
  }
  const redis = await startRedis()
  return {
    value: redis.url,
    description: `Redis of our own on port ${new URL(redis.url).port}`,
    stop: () => redis.stop(),
  }
}

/** An audit trail's folder and keys. A real shop keeps the keys where the server's disk is not. */
export interface Trail {
  readonly directory: string
  readonly signingKey: KeyObject
  /** With it, everybody can verify the trail. */
  readonly publicKey: KeyObject
  readonly subjectSecret: string
}

/** A place for an audit trail. Stopping removes it. */
export async function makeTrail(): Promise<Service<Trail>> {
  const { privateKey: signingKey, publicKey } = generateKeyPairSync('ed25519')
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-shop-audit-'))
  const subjectSecret = randomBytes(32).toString('base64')
  return {
    value: { directory, signingKey, publicKey, subjectSecret },
    description: `Audit trail in ${directory}`,
    stop: () => rm(directory, { recursive: true, force: true }),
  }
}

function isInstalled(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
