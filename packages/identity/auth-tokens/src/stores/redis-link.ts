import {
  describeSource,
  evaluate,
  openConnection,
  reasonOf,
  RedisUnreachable,
  scriptOf,
} from '@portcullis/kernel/redis'
import type { RedisConnection, RedisSource, Script } from '@portcullis/kernel/redis'
import { Calls } from './calls.ts'
import { StoreUnavailable } from './store-unavailable.ts'

/** Milliseconds that `connect` waits for each connection. */
const CONNECT_TIMEOUT = 5_000
/** Most milliseconds that a read of the log waits for the next entry. */
const LOG_WAIT = 500

/** An entry of a stream as ioredis gives it: its id, then names and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

/** What is used of an ioredis client besides scripts. */
interface StreamConnection extends RedisConnection {
  xrange(key: string, from: string, to: string, ...count: ['COUNT', number]): Promise<StreamEntry[]>
  xread(...args: (string | number)[]): Promise<[key: string, entries: StreamEntry[]][] | null>
}

const INFO = scriptOf("return redis.call('INFO', 'memory')")

/** A store's two connections: one for scripts, and one that waits at the end of the log. */
export class RedisLink {
  readonly #source: RedisSource
  readonly #timeout: number
  readonly #calls: Calls
  #commands: StreamConnection | undefined
  #follower: StreamConnection | undefined
  #lastError: Error | undefined

  /** @param timeout milliseconds within which a call is answered or fails */
  constructor(source: RedisSource, timeout: number) {
    this.#source = source
    this.#timeout = timeout
    this.#calls = new Calls(timeout, wordOf, isTimedOut)
  }

  /**
   * Connects. Goes on trying in the background after it has failed, until it is closed.
   *
   * @returns the server's policy for keys that memory has no room for, such as `noeviction`; undefined when it does not say
   * @throws RedisUnreachable naming host and port when Redis does not answer within five seconds.
   */
  async connect(): Promise<string | undefined> {
    try {
      this.#commands ??= await this.#open(this.#timeout)
      this.#follower ??= await this.#open(this.#timeout + LOG_WAIT)
      for (const one of [this.#commands, this.#follower])
        if (one.status === 'wait') await this.#calls.run(() => one.connect(), CONNECT_TIMEOUT)
      return await this.#policy(this.#commands)
    } catch (error) {
      if (error instanceof RedisUnreachable) throw error
      const reason = wordOf(this.#lastError ?? error)
      throw new RedisUnreachable(`Redis at ${describeSource(this.#source)} can't be reached (${reason}).`)
    }
  }

  /** Runs a script. @throws StoreUnavailable */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#calls.run(() => evaluate(opened(this.#commands), script, keys, args))
  }

  /** A page of a stream, both ends included unless marked by a bracket. @throws StoreUnavailable */
  async page(key: string, from: string, to: string, count: number): Promise<StreamEntry[]> {
    return this.#calls.run(() => opened(this.#commands).xrange(key, from, to, 'COUNT', count))
  }

  /** What a stream has after an id; waits a moment for the first entry where there is none. @throws StoreUnavailable */
  async after(key: string, id: string, count: number): Promise<StreamEntry[]> {
    const read = (): ReturnType<StreamConnection['xread']> =>
      opened(this.#follower).xread('COUNT', count, 'BLOCK', LOG_WAIT, 'STREAMS', key, id)
    return (await this.#calls.run(read, LOG_WAIT))?.[0]?.[1] ?? []
  }

  /** Ends the connections; what is under way fails. */
  close(): void {
    this.#calls.close()
    this.#commands?.disconnect()
    this.#follower?.disconnect()
  }

  async #open(timeout: number): Promise<StreamConnection> {
    const connection = (await openConnection(this.#source, timeout)) as StreamConnection
    connection.on('error', (error) => {
      this.#lastError = error
    })
    return connection
  }

  async #policy(commands: RedisConnection): Promise<string | undefined> {
    const info = this.#calls.run(() => evaluate(commands, INFO, [], []), CONNECT_TIMEOUT)
    // A server that forbids INFO has answered all the same.
    const answer = await info.catch((error: unknown) => {
      if (wordOf(error) === 'ERR' || wordOf(error) === 'NOPERM') return ''
      throw error
    })
    return /^maxmemory_policy:([a-z-]{1,40})/m.exec(String(answer))?.[1]
  }
}

function opened(connection: StreamConnection | undefined): StreamConnection {
  if (connection === undefined) throw new StoreUnavailable('not connected')
  return connection
}

function isTimedOut(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out'
}

function wordOf(error: unknown): string {
  if (error instanceof StoreUnavailable) return error.reason
  return isTimedOut(error) ? 'timeout' : reasonOf(error)
}
