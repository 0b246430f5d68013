import { setTimeout as delay } from 'node:timers/promises'
import { openConnection } from '@portcullis/kernel/redis'
import type { RedisConnection, RedisSource } from '@portcullis/kernel/redis'
import { InvalidBlock } from '../core/failures.ts'
import { StoreUnavailable } from '../stores/failures.ts'
import { BlockList, MOST_BLOCKS } from './block-list.ts'
import type { Block } from './block-list.ts'
import type { BlockStore } from './block-store.ts'
import type { BlockKind } from './subject.ts'

/** Milliseconds between two looks at Redis: a block holds everywhere well within a second. */
const POLL = 400

/** Milliseconds that `connect` waits. */
const CONNECT_TIMEOUT = 5_000

/** `now` in milliseconds on the server's clock, so that all instances agree on the end of a block. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** How long a reset is told to those that look for changes. */
const RESETS_KEPT = 300_000
/** Most resets that are told; those before them are noticed later, when refusals end that are remembered. */
const MOST_RESETS = 10_000

/** Both keys end with the last block, so that nothing stays behind. KEYS: blocks, version. */
const KEEP = `
local function keep(till)
  local last = math.max(redis.call('PTTL', KEYS[1]), till - now, 1)
  redis.call('PEXPIRE', KEYS[1], last)
  -- A time, because a count would begin anew when the key has ended, and could be one that an instance knows.
  redis.call('SET', KEYS[2], string.format('%d.%06d', time[1], time[2]), 'PX', last + 60000)
end
`

/** ARGV: name, kind, reason, lifetime, most. Drops what has ended when there is no room. */
const ADD = `${NOW}${KEEP}
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if cjson.decode(all[i + 1])['until'] <= now then redis.call('HDEL', KEYS[1], all[i]) end
  end
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return {} end
local till = now + tonumber(ARGV[4])
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode({ kind = ARGV[2], reason = ARGV[3], ['until'] = till }))
keep(till)
return { tostring(now), tostring(till) }
`

/** ARGV: name. */
const REMOVE = `${NOW}${KEEP}
local was = redis.call('HDEL', KEYS[1], ARGV[1])
if was == 1 then keep(now) end
return { tostring(was) }
`

/** ARGV: the key of a partition that was reset. KEYS: blocks, version, resets by their time. */
const TELL_RESET = `${NOW}${KEEP}
redis.call('ZADD', KEYS[3], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - ${RESETS_KEPT})
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -${MOST_RESETS + 1})
redis.call('PEXPIRE', KEYS[3], ${RESETS_KEPT})
keep(now)
return {}
`

/**
 * ARGV: the version that is known, and the time of the look that found it. Answers nothing more when it still is;
 * else all blocks, and the resets since.
 */
const LOOK = `${NOW}
local version = redis.call('GET', KEYS[2]) or '0'
if version == ARGV[1] then return { version } end
local resets = redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[2], '+inf')
return { version, tostring(now), redis.call('HGETALL', KEYS[1]), resets }
`

/** How blocks in Redis are reached. */
export interface RedisBlocksOptions {
  readonly redis: RedisSource
  /** Begins the keys. */
  readonly keyPrefix: string
  /** Told when Redis is away, and when it is back. */
  readonly onChange?: (isAway: boolean) => void
  /** Told the key of a partition that an instance has reset. */
  readonly onReset?: (key: string) => void
}

/** Blocks of all instances that share a Redis. Each looks for changes by itself; while Redis is away, it keeps what it knows. */
export class RedisBlocks implements BlockStore {
  readonly list = new BlockList(Date.now)
  readonly #options: RedisBlocksOptions
  readonly #keys: readonly string[]
  #connection: RedisConnection | undefined
  #version = ''
  /** The server's time of the last look that found anything, in milliseconds. */
  #lookedAt = 0
  #timer: NodeJS.Timeout | undefined
  #isAway = false
  #isClosed = false

  constructor(options: RedisBlocksOptions) {
    this.#options = options
    const key = `${options.keyPrefix}:v1:{blocks}`
    this.#keys = [key, `${key}:version`, `${key}:resets`]
  }

  /** Connects, and looks once. @throws StoreUnavailable when Redis does not answer: `watch` finds it later */
  async connect(): Promise<void> {
    const connection = await openConnection(this.#options.redis, 1_000)
    this.#connection = connection
    connection.on('error', () => undefined)
    const timer = new AbortController()
    const late = delay(CONNECT_TIMEOUT, 'late', { signal: timer.signal }).catch(() => undefined)
    const came = connection.connect().then(
      () => 'connected',
      () => 'failed',
    )
    const outcome = await Promise.race([came, late])
    timer.abort()
    if (outcome !== 'connected') throw new StoreUnavailable(outcome === 'late' ? 'timeout' : 'unreachable')
    await this.#look()
  }

  /** Looks for changes until the store is closed. */
  watch(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => {
      void this.#look()
        .then(
          () => {
            this.#tell(false)
            this.list.all()
          },
          () => this.#tell(true),
        )
        .finally(() => this.watch())
    }, POLL)
    this.#timer.unref()
  }

  async add(block: Omit<Block, 'until'>, lifetime: number): Promise<Block> {
    const { name, kind, reason } = block
    const [now, till] = await this.#run(ADD, [name, kind, reason, lifetime, MOST_BLOCKS])
    if (now === undefined || till === undefined)
      throw new InvalidBlock(`at most ${MOST_BLOCKS} blocks at once`)
    const kept = { ...block, until: Date.now() + Number(till) - Number(now) }
    this.list.set(kept)
    return kept
  }

  async remove(name: string): Promise<boolean> {
    const [was] = await this.#run(REMOVE, [name])
    this.list.delete(name)
    return was === '1'
  }

  async tellReset(key: string): Promise<void> {
    await this.#run(TELL_RESET, [key])
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#connection?.disconnect()
  }

  async #look(): Promise<void> {
    const found = await this.#run(LOOK, [this.#version, this.#lookedAt])
    const [version, now, fields = [], resets = []] = found as [string, string?, string[]?, string[]?]
    if (now === undefined) return
    for (const key of resets) this.#options.onReset?.(key)
    this.#lookedAt = Number(now)
    const blocks: Block[] = []
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const { kind, reason, until } = JSON.parse(fields[at + 1] ?? '') as Record<string, unknown>
      const left = Number(until) - Number(now)
      if (left <= 0) continue
      const name = String(fields[at])
      blocks.push({ name, kind: kind as BlockKind, reason: String(reason), until: Date.now() + left })
    }
    this.list.replace(blocks)
    this.#version = version
  }

  async #run(script: string, args: readonly (string | number)[]): Promise<unknown[]> {
    const connection = this.#connection
    if (connection === undefined || this.#isClosed) throw new StoreUnavailable('unreachable')
    try {
      return (await connection.eval(script, this.#keys.length, ...this.#keys, ...args)) as unknown[]
    } catch {
      // The client's errors hold the arguments of the command.
      throw new StoreUnavailable('unreachable')
    }
  }

  #tell(isAway: boolean): void {
    if (isAway !== this.#isAway && !this.#isClosed) this.#options.onChange?.(isAway)
    this.#isAway = isAway
  }
}
