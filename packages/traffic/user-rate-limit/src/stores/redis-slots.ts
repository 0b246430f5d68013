import { randomBytes } from 'node:crypto'
import type { RedisRunner } from './redis-runner.ts'
import { scriptOf } from '@portcullis/kernel/redis'
import type { Slot, SlotLimit, SlotStore } from './slots.ts'

/** Milliseconds for which a slot is held without being renewed: how long a process that died keeps its slots. */
const SLOT_LIFE = 30_000
/** Slots renewed by one command. */
const RENEWED = 128

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
redis.call('ZREM', KEYS[1], ARGV[3])
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

/** Slots in Redis, for any number of instances. Those of a process that died expire by the server's clock. */
export class RedisSlots implements SlotStore {
  readonly #runner: RedisRunner
  readonly #life: number
  readonly #process = randomBytes(9).toString('base64url')
  readonly #held = new Map<string, string>()
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

  /** Ends renewing. Slots that are still held expire. */
  close(): void {
    clearInterval(this.#timer)
    this.#held.clear()
  }

  async #release(id: string, place: string): Promise<void> {
    if (!this.#held.delete(id)) return
    try {
      await this.#runner.run({ script: RELEASE, keys: [place], args: [this.#life, id] }, this.#runner.begin())
    } catch {
      // It expires.
    }
  }

  async #renew(): Promise<void> {
    const held = [...this.#held]
    const size = this.#runner.isCluster ? 1 : RENEWED
    for (let at = 0; at < held.length; at += size) {
      // What was released meanwhile must not come back.
      const group = held.slice(at, at + size).filter(([id]) => this.#held.has(id))
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
