import { counterOf } from '../core/algorithms/index.ts'
import type { State } from '../core/algorithms/algorithm.ts'
import { checkCosts, decide } from '../core/decide.ts'
import type { Charge, Reservation, Verdict } from '../core/verdict.ts'
import { StoreUnavailable } from './failures.ts'
import { ReservationBook } from './reservation-book.ts'
import type { ActualCost, Place, RateLimitStore } from './store.ts'

/** How much a memory store holds. */
export interface MemoryStoreOptions {
  /** Most states (one per partition and policy) held at once. Default: 100,000, about 30 MB. */
  readonly maxKeys?: number
  /** Clock in whole milliseconds that never steps back. Default: the process's own. */
  readonly now?: () => number
}

/** What is counted for one policy of a partition. */
interface Entry {
  readonly field: string
  state: State
  expiresAt: number
}

/** Partitions looked at for expired entries with each new one, so that memory follows what is live without any timer. */
const SWEEP = 4
/** The same when the store is full. */
const SWEEP_FULL = 256

/**
 * A store in the memory of this process: exact for one instance, and blind to all others.
 *
 * Memory is bounded, and the bound can't be used to reset a spent limit: only expired entries are ever removed. When
 * the store is full of live ones, partitions it knows are decided as always and a new one is StoreUnavailable (`full`),
 * so that each policy's own `onStoreError` decides.
 */
export class MemoryStore implements RateLimitStore {
  /** Entries by partition: the key of a partition is a string that is known, that of an entry would be a new one. */
  readonly #partitions = new Map<string, Entry[]>()
  readonly #maxKeys: number
  readonly #now: () => number
  readonly #book: ReservationBook
  #hand = this.#partitions.entries()
  #size = 0
  #closed = false

  constructor(options: MemoryStoreOptions = {}) {
    this.#maxKeys = options.maxKeys ?? 100_000
    this.#now = options.now ?? (() => Math.floor(performance.timeOrigin + performance.now()))
    this.#book = new ReservationBook(this.#now)
  }

  /** States held, expired ones included. Never above `maxKeys`. */
  get size(): number {
    return this.#size
  }

  async reserve(charges: readonly Charge[]): Promise<Verdict> {
    return this.reserveNow(charges)
  }

  /** As `reserve`, at once. Throws what `reserve` rejects with. */
  reserveNow(charges: readonly Charge[]): Verdict {
    checkCosts(charges)
    if (this.#closed) throw new StoreUnavailable('closed')
    const now = this.#now()
    const entries = charges.map((charge) => this.#liveEntryOf(charge, now))
    const { allowed, limits, states, receipts } = decide(
      charges,
      entries.map((entry) => entry?.state),
      now,
    )
    if (!allowed || receipts.length === 0) return { allowed, limits }
    this.#makeRoom(charges, entries, now)
    for (let at = 0; at < charges.length; at += 1) {
      const charge = charges[at] as Charge
      if (charge.cost > 0) this.#write(charge, entries[at], states[at] as State, now)
    }
    const reservation = this.#book.open(receipts)
    return reservation === undefined ? { allowed, limits } : { allowed, limits, reservation }
  }

  async cancel(reservation: Reservation): Promise<void> {
    await this.settle(reservation, 0)
  }

  async settle(reservation: Reservation, actual: ActualCost): Promise<void> {
    const now = this.#now()
    for (const { charge, mark, amount } of this.#book.take(reservation, actual)) {
      const entry = this.#liveEntryOf(charge, now)
      if (entry === undefined) continue
      const counter = counterOf(charge.policy)
      const state = counter.advance(charge.policy, entry.state, now)
      counter.refund(charge.policy, state, mark, amount)
      this.#write(charge, entry, state, now)
    }
  }

  /** Whether a reservation was made here and is open still. */
  holds(reservation: Reservation): boolean {
    return this.#book.holds(reservation)
  }

  /** Units charged to a policy of a partition that still count; 0 when nothing does. */
  used(charge: Charge): number {
    const now = this.#now()
    const entry = this.#liveEntryOf(charge, now)
    if (entry === undefined) return 0
    const { policy } = charge
    const counter = counterOf(policy)
    return policy.capacity - counter.read(policy, counter.advance(policy, entry.state, now), now).remaining
  }

  /** Drops what is counted for a policy of a partition. Answers whether anything was. */
  forget({ key, policy }: Place): boolean {
    const entries = this.#partitions.get(key)
    if (entries === undefined) return false
    const now = this.#now()
    const was = entries.some(({ field, expiresAt }) => field === policy.field && expiresAt > now)
    this.#keep(key, entries, ({ field }) => field !== policy.field)
    return was
  }

  async reset(place: Place): Promise<boolean> {
    if (this.#closed) throw new StoreUnavailable('closed')
    return this.forget(place)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#partitions.clear()
    this.#size = 0
  }

  #entryOf({ key, policy: { field } }: Charge): Entry | undefined {
    const entries = this.#partitions.get(key)
    if (entries === undefined) return undefined
    for (const entry of entries) if (entry.field === field) return entry
    return undefined
  }

  #liveEntryOf(charge: Charge, now: number): Entry | undefined {
    const entry = this.#entryOf(charge)
    return entry === undefined || entry.expiresAt <= now ? undefined : entry
  }

  /** @param live its entry, which no sweep has taken since it was found */
  #write(charge: Charge, live: Entry | undefined, state: State, now: number): void {
    const { key, policy } = charge
    const expiresAt = now + counterOf(policy).lifetime(policy, state, now)
    // An expired one may still be there, and of two charges on the same place, the first has made it.
    const entry = live ?? this.#entryOf(charge)
    if (entry !== undefined) {
      entry.state = state
      entry.expiresAt = expiresAt
      return
    }
    const made = { field: policy.field, state, expiresAt }
    const entries = this.#partitions.get(key)
    if (entries === undefined) this.#partitions.set(key, [made])
    else entries.push(made)
    this.#size += 1
  }

  #makeRoom(charges: readonly Charge[], live: readonly (Entry | undefined)[], now: number): void {
    let added = 0
    for (let at = 0; at < charges.length; at += 1) {
      const charge = charges[at] as Charge
      if (charge.cost > 0 && live[at] === undefined && this.#entryOf(charge) === undefined) added += 1
    }
    if (added === 0) return
    this.#sweep(added * SWEEP, now)
    if (this.#size + added > this.#maxKeys) this.#sweep(SWEEP_FULL, now)
    if (this.#size + added > this.#maxKeys) throw new StoreUnavailable('full')
  }

  /** Looks at the next partitions round the map and drops the expired entries. */
  #sweep(count: number, now: number): void {
    for (let looked = 0; looked < count; looked += 1) {
      const next = this.#hand.next()
      if (next.done === true) {
        this.#hand = this.#partitions.entries()
        return
      }
      const [key, entries] = next.value
      this.#keep(key, entries, ({ expiresAt }) => expiresAt > now)
    }
  }

  #keep(key: string, entries: readonly Entry[], isKept: (entry: Entry) => boolean): void {
    const kept = entries.filter(isKept)
    if (kept.length === entries.length) return
    this.#size -= entries.length - kept.length
    if (kept.length === 0) this.#partitions.delete(key)
    else this.#partitions.set(key, kept)
  }
}
