import type { OnStoreError } from '../core/policy.ts'
import { StoreUnavailable } from './failures.ts'

/** How many may hold a slot at once. */
export interface SlotLimit {
  /** The partition, as `PartitionKeys.keyOf` makes it. */
  readonly key: string
  /** Name of the limit. */
  readonly name: string
  /** Most slots held at once: an integer >= 1. */
  readonly limit: number
  /** What happens while the store is away. */
  readonly onStoreError: OnStoreError
}

/** A place among those that may be under way. */
export interface Slot {
  /** Frees it. Never rejects: a slot that can't be freed, because the store is away, expires. */
  release(): Promise<void>
}

/** Keeps slots. */
export interface SlotStore {
  /**
   * Takes a slot; `undefined` when all are taken.
   *
   * @throws StoreUnavailable when the store can't say in time.
   */
  acquire(limit: SlotLimit): Promise<Slot | undefined>
}

/** Slots of this process alone. They end with it, and are as many as requests are under way. */
export class MemorySlots implements SlotStore {
  readonly #held = new Map<string, number>()

  /** Partitions that hold slots. */
  get size(): number {
    return this.#held.size
  }

  async acquire({ key, name, limit }: SlotLimit): Promise<Slot | undefined> {
    const place = `${key}\n${name}`
    const held = this.#held.get(place) ?? 0
    if (held >= limit) return undefined
    this.#held.set(place, held + 1)
    let open = true
    return {
      release: async () => {
        if (!open) return
        open = false
        const left = (this.#held.get(place) ?? 1) - 1
        if (left === 0) this.#held.delete(place)
        else this.#held.set(place, left)
      },
    }
  }
}

const FREE: Slot = { release: async () => undefined }

/**
 * Slots that do what each limit declares while their store is away: `closed` is StoreUnavailable, `open` takes none,
 * `local` takes one of this instance's share (`limit / instances`, rounded down, at least 1).
 */
export function withSlotFallback(store: SlotStore, instances: number): SlotStore {
  const own = new MemorySlots()
  return {
    async acquire(limit) {
      try {
        return await store.acquire(limit)
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || error.fault === 'closed') throw error
        if (limit.onStoreError === 'closed') throw new StoreUnavailable(error.fault, [limit.name])
        if (limit.onStoreError === 'open') return FREE
        return own.acquire({ ...limit, limit: Math.max(1, Math.floor(limit.limit / instances)) })
      }
    },
  }
}
