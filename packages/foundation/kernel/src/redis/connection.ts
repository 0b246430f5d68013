import { RedisUnreachable } from './redis-unreachable.ts'

/** Options of an ioredis client, as its constructor takes them. */
export interface RedisOptions {
  readonly host?: string | undefined
  readonly port?: number | undefined
  /** Path of a Unix socket. */
  readonly path?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly db?: number | undefined
  readonly tls?: object | undefined
  readonly sentinels?: readonly object[] | null | undefined
  readonly [option: string]: unknown
}

/** A client of ioredis 5.9 or 6: `Redis` or `Cluster`. It is duplicated and left as it is. */
export interface RedisInstance {
  duplicate(...overrides: never[]): object
}

/** Where Redis is: a URL, options of ioredis, or a client of ioredis to be duplicated. */
export type RedisSource = string | RedisOptions | RedisInstance

/** What is used of an ioredis client. */
export interface RedisConnection {
  readonly isCluster?: boolean
  readonly status: string
  connect(): Promise<void>
  disconnect(): void
  on(event: 'error', listener: (error: Error) => void): unknown
  evalsha(sha: string, keys: number, ...args: (string | number)[]): Promise<unknown>
  eval(source: string, keys: number, ...args: (string | number)[]): Promise<unknown>
  evalshaBuffer(sha: string, keys: number, ...args: (string | number)[]): Promise<unknown>
  evalBuffer(source: string, keys: number, ...args: (string | number)[]): Promise<unknown>
}

/**
 * Opens a connection of a store's own, not yet connected. A command is sent at once or fails at once, and is never
 * sent twice: no offline queue, no retries, and a delay on Cluster redirections after a lost connection that is longer
 * than any deadline.
 *
 * @throws RedisUnreachable when a client has to be made and ioredis is not installed.
 */
export async function openConnection(source: RedisSource, storeTimeout: number): Promise<RedisConnection> {
  // Decisions have a timer of their own; this one ends handshakes with a server that is frozen.
  const commandTimeout = Math.max(1_000, 2 * storeTimeout)
  // A server that has gone without a word keeps its socket open for ever, whoever is primary meanwhile: connect again.
  const socketTimeout = commandTimeout + 500
  const node = {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    enableAutoPipelining: false,
    stringNumbers: false,
    replyMapping: 'legacy',
    readOnly: false,
    commandTimeout,
    socketTimeout,
    retryStrategy: (times: number) => Math.min(1_000, 25 * 2 ** Math.min(times, 6)) + Math.random() * 50,
    // After a failover the old primary answers READONLY: connect again, to whoever is primary now.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } as const
  if (isInstance(source)) {
    const duplicate = source.duplicate.bind(source) as (...overrides: unknown[]) => object
    const copy = isCluster(source)
      ? duplicate([], {
          lazyConnect: true,
          enableOfflineQueue: false,
          enableAutoPipelining: false,
          scaleReads: 'master',
          retryDelayOnFailover: storeTimeout + 50,
          redisOptions: {
            maxRetriesPerRequest: 0,
            commandTimeout,
            socketTimeout,
            stringNumbers: false,
          },
        })
      : duplicate(node)
    return copy as RedisConnection
  }
  const Redis = await loadClient()
  const client = typeof source === 'string' ? new Redis(source, node) : new Redis({ ...source, ...node })
  return client as RedisConnection
}

interface ClusterNode {
  readonly status: string
  connect(): Promise<void>
  once(event: 'ready' | 'end', listener: () => void): unknown
}

interface ClusterConnection {
  on(event: '+node', listener: (node: ClusterNode) => void): unknown
  nodes(role: 'master'): readonly ClusterNode[]
}

/** A node that is connected by its first command rejects all others meanwhile. */
function connectNode(node: ClusterNode): void {
  if (node.status === 'wait') node.connect().catch(() => undefined)
}

/** Milliseconds that are waited for a master of a cluster. */
const MASTER_TIMEOUT = 1_000

/**
 * Connects a client of {@link openConnection}: of a cluster, to all masters that answer within a second, so that the
 * first commands to any of them are not lost. So are those that join later.
 */
export async function connectFully(connection: RedisConnection): Promise<void> {
  await connection.connect()
  if (connection.isCluster !== true) return
  const cluster = connection as unknown as ClusterConnection
  // Not before: until it knows its slots, the client connects and leaves nodes by itself.
  cluster.on('+node', connectNode)
  await Promise.all(
    cluster.nodes('master').map(
      (node) =>
        new Promise<void>((resolve) => {
          if (node.status === 'ready' || node.status === 'end') return resolve()
          const timer = setTimeout(resolve, MASTER_TIMEOUT)
          const settle = (): void => {
            clearTimeout(timer)
            resolve()
          }
          node.once('ready', settle)
          node.once('end', settle)
          connectNode(node)
        }),
    ),
  )
}

/** Why a client failed, in one word that holds no argument of a command. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error && typeof error.code === 'string') return error.code
  return /^[A-Z]{2,}(?= )/.exec(error.message)?.[0] ?? 'connection closed'
}

/** Whether a source is a client, not the options of one. */
export function isInstance(source: RedisSource): source is RedisInstance {
  return typeof source === 'object' && typeof source['duplicate' as keyof typeof source] === 'function'
}

function isCluster(source: RedisInstance): boolean {
  return (source as { isCluster?: boolean }).isCluster === true
}

type Constructor = new (...args: (string | object)[]) => object

async function loadClient(): Promise<Constructor> {
  try {
    const client = await import('ioredis')
    return client.Redis
  } catch {
    throw new RedisUnreachable('The redis option needs the client ioredis: npm install ioredis.')
  }
}
