import {
  connectFully,
  describeSource,
  evaluateBuffer,
  openConnection,
  reasonOf,
  RedisUnreachable,
  scriptOf,
} from '@portcullis/kernel/redis'
import type { RedisConnection, RedisSource, Script } from '@portcullis/kernel/redis'
import { CircuitBreaker } from './circuit-breaker.ts'
import { StoreUnavailable } from './failures.ts'
import { RedisClock } from './redis-clock.ts'

/** Milliseconds that `connect` waits for the first connection. */
const CONNECT_TIMEOUT = 5_000

/** Answers with the server's time in the form of the other scripts, to learn its clock and to probe. */
const TIME = scriptOf("local time = redis.call('TIME') return { 1, time[1] * 1000000 + time[2] }")

/** `INFO` by way of a script, since some servers forbid `CONFIG`. */
const INFO = scriptOf("return redis.call('INFO', 'memory')")

/** What a script is called with. `args` follow the deadline, which is the runner's. */
export interface ScriptCall {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly (string | number)[]
  /** Decisions that fail with it. Default: 1. */
  readonly decisions?: number
}

/** What a script answers: whether it was in time (-1 when not), the server's clock, and more. */
export type Reply = readonly [number, number, ...(number | Buffer)[]]

/**
 * Runs scripts on a connection of its own, each with a deadline in the server's time as first argument, and never longer
 * than the caller waits. Keeps requests away from a server that doesn't answer.
 */
export class RedisRunner {
  readonly #source: RedisSource
  readonly #timeout: number
  readonly #clock = new RedisClock()
  readonly #breaker = new CircuitBreaker(() => performance.now())
  #connection: RedisConnection | undefined
  #lastError: Error | undefined
  #closed = false

  /** @param timeout milliseconds within which a call is answered or fails */
  constructor(source: RedisSource, timeout: number) {
    this.#source = source
    this.#timeout = timeout
  }

  /** True when keys live on several servers. */
  get isCluster(): boolean {
    return this.#connection?.isCluster === true
  }

  /** See `RedisStore.connect`. */
  async connect(): Promise<void> {
    if (this.#closed) throw new StoreUnavailable('closed')
    const endAt = performance.now() + CONNECT_TIMEOUT
    try {
      if (this.#connection === undefined) await this.#open(endAt)
      await this.#probe(endAt)
    } catch (error) {
      if (error instanceof RedisUnreachable) throw error
      const cause = this.#lastError ?? error
      const reason = cause instanceof StoreUnavailable ? cause.fault : reasonOf(cause)
      throw new RedisUnreachable(`Redis at ${describeSource(this.#source)} can't be reached (${reason}).`)
    }
  }

  /**
   * The local moment at which a decision that starts now has to end.
   *
   * @throws StoreUnavailable at once while the server is known not to answer.
   */
  begin(): number {
    if (this.#closed) throw new StoreUnavailable('closed')
    const endAt = performance.now() + this.#timeout
    if (this.away) throw new StoreUnavailable('breaker-open')
    return endAt
  }

  /** Whether the server is known not to answer. When it is time, it is looked for, so that this becomes false again. */
  get away(): boolean {
    if (!this.#breaker.open) return false
    // In the background: no request waits for a server that was away a moment ago.
    if (!this.#closed && this.#breaker.mayProbe())
      this.#probe(performance.now() + this.#timeout).catch(() => this.#breaker.probeFailed())
    return true
  }

  /**
   * Runs a script until `endAt`. One that refuses itself as late, although the time is not up, has taught us the
   * server's clock (the first call, or a clock that was set): it has changed nothing and is run once more.
   */
  async run(call: ScriptCall, endAt: number): Promise<Reply> {
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const reply = await this.#send(call, [this.#clock.at(endAt), ...call.args], endAt)
      if (reply[0] !== -1) return reply
    }
    throw new StoreUnavailable('late')
  }

  /** See `RedisStore.evictionPolicy`. */
  async evictionPolicy(): Promise<string | undefined> {
    try {
      const info = await bounded(this.#evaluate(INFO, [], []), performance.now() + CONNECT_TIMEOUT)
      return /^maxmemory_policy:([a-z-]{1,40})/m.exec(String(info))?.[1]
    } catch (error) {
      // A server that forbids INFO has answered all the same.
      if (error instanceof Error && /^(?:ERR|NOPERM) /.test(error.message)) return undefined
      throw failureOf(error)
    }
  }

  /** Ends the connection; what is under way fails. */
  close(): void {
    this.#closed = true
    this.#connection?.disconnect()
  }

  async #open(endAt: number): Promise<void> {
    const connection = await openConnection(this.#source, this.#timeout)
    this.#connection = connection
    connection.on('error', (error) => {
      this.#lastError = error
    })
    await bounded(connectFully(connection), endAt)
  }

  async #probe(endAt: number): Promise<void> {
    await this.#send({ script: TIME, keys: [], args: [] }, [], endAt)
  }

  async #send(
    { script, keys, decisions = 1 }: ScriptCall,
    args: readonly (string | number)[],
    endAt: number,
  ): Promise<Reply> {
    const sent = performance.now()
    try {
      const reply = (await bounded(this.#evaluate(script, keys, args), endAt)) as Reply
      this.#clock.learn(reply[1], sent, performance.now())
      this.#breaker.succeeded()
      return reply
    } catch (error) {
      const failure = failureOf(error)
      if (failure.fault !== 'script') this.#breaker.failed(decisions)
      throw failure
    }
  }

  async #evaluate(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const connection = this.#connection
    if (connection === undefined) throw new StoreUnavailable('unreachable')
    return evaluateBuffer(connection, script, keys, args)
  }
}

/**
 * The outcome of some work, or a StoreUnavailable when the time is up first. A reply that waits in the socket because
 * this process was busy is read before the time counts as up. Timers count from when the event loop last looked at the
 * clock and may ring early: giving up before the deadline would leave a moment in which a script still charges.
 */
async function bounded<T>(work: Promise<T>, endAt: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout
    const wait = (): void => {
      const left = endAt - performance.now()
      if (left > 0) timer = setTimeout(wait, Math.ceil(left))
      else setImmediate(() => reject(new StoreUnavailable('timeout')))
    }
    wait()
    work.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}

/** An error reply about one key or script says nothing about the server: it must not open the breaker for everyone. */
function failureOf(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error
  const aboutScript = error instanceof Error && /^(?:ERR|WRONGTYPE) /.test(error.message)
  return new StoreUnavailable(aboutScript ? 'script' : 'unreachable')
}
