import { randomBytes } from 'node:crypto'
import type { RedisRunner } from './redis-runner.ts'
import { scriptOf } from '@portcullis/kernel/redis'
import type { Slot, SlotLimit, SlotStore } from './slots.ts'

/** Milliseconds for which a slot is held without being renewed: how long a process that died keeps its slots. */
const SLOT_LIFE = 30_000
/** Slots renewed or freed by one command. */
const MOST = 128

const CLOCK = `
local time = redis.call('TIME')
local wall = time[1] * 1000000 + time[2]
if wall > tonumber(ARGV[1]) then return { -1, wall } end
local now = math.floor(wall / 1000)
local life = tonumber(ARGV[2])
`

/** A sorted set for each partition and limit: slots by the server time at which they expire. */
const ACQUIRE = scriptOf(`${CLOCK}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return { 0, wall } end
redis.call('ZADD', KEYS[1], now + life, ARGV[4])
redis.call('PEXPIRE', KEYS[1], life)
return { 1, wall }
`)

const RELEASE = scriptOf(`${CLOCK}
for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[i + 2]) end
return { 1, wall }
`)

/** Also brings back slots that a restarted server has lost. */
const RENEW = scriptOf(`${CLOCK}
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], now + life, ARGV[i + 2])
  redis.call('PEXPIRE', KEYS[i], life)
end
return { 1, wall }
`)

/** A slot's id, and the key it is in. */
type HeldSlot = readonly [id: string, place: string]

/** Slots in Redis, for any number of instances. Those of a process that died expire by the server's clock. */
export class RedisSlots implements SlotStore {
  readonly #runner: RedisRunner
  readonly #life: number
  readonly #process = randomBytes(9).toString('base64url')
  readonly #held = new Map<string, string>()
  readonly #releasing = new Set<Promise<void>>()
  #next = 0
  #timer: NodeJS.Timeout | undefined

  /** @param life milliseconds for which a slot is held without being renewed; renewed three times as often */
  constructor(runner: RedisRunner, life: number = SLOT_LIFE) {
    this.#runner = runner
    this.#life = life
  }

  async acquire({ key, name, limit }: SlotLimit): Promise<Slot | undefined> {
    const endAt = this.#runner.begin()
    const place = `${key}:c:${name}`
    const id = `${this.#process}:${(this.#next += 1)}`
    const call = { script: ACQUIRE, keys: [place], args: [this.#life, limit, id] }
    const [taken] = await this.#runner.run(call, endAt)
    if (taken !== 1) return undefined
    this.#held.set(id, place)
    this.#timer ??= setInterval(() => void this.#renew(), this.#life / 3).unref()
    return { release: async () => this.#release(id, place) }
  }

  /**
   * Frees what is still held, so that clients of a process that ends are let in elsewhere at once. What cannot be freed
   * in time expires.
   */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    const held = [...this.#held]
    this.#held.clear()
    await Promise.all([...this.#releasing, ...this.#grouped(held).map((group) => this.#free(group))])
  }

  async #release(id: string, place: string): Promise<void> {
    if (!this.#held.delete(id)) return
    const releasing = this.#free([[id, place]])
    this.#releasing.add(releasing)
    await releasing
    this.#releasing.delete(releasing)
  }

  async #free(slots: readonly HeldSlot[]): Promise<void> {
    const keys = slots.map(([, place]) => place)
    const args = [this.#life, ...slots.map(([id]) => id)]
    try {
      await this.#runner.run({ script: RELEASE, keys, args }, this.#runner.begin())
    } catch {
      // They expire.
    }
  }

  /** Slots as one command takes them: keys of a cluster may be on different servers. */
  #grouped(slots: readonly HeldSlot[]): HeldSlot[][] {
    const size = this.#runner.isCluster ? 1 : MOST
    return Array.from({ length: Math.ceil(slots.length / size) }, (_, index) =>
      slots.slice(index * size, (index + 1) * size),
    )
  }

  async #renew(): Promise<void> {
    for (const slots of this.#grouped([...this.#held])) {
      // What was released meanwhile must not come back.
      const group = slots.filter(([id]) => this.#held.has(id))
      if (group.length === 0) continue
      const keys = group.map(([, place]) => place)
      const args = [this.#life, ...group.map(([id]) => id)]
      try {
        await this.#runner.run({ script: RENEW, keys, args }, this.#runner.begin())
      } catch {
        // The next round tries again, until they have expired.
        return
      }
    }
  }
}
