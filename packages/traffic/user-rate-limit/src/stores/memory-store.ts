import { counterOf } from '../core/algorithms/index.ts'
import type { State } from '../core/algorithms/algorithm.ts'
import { checkCosts, decide, placeOf } from '../core/decide.ts'
import type { Policy } from '../core/policy.ts'
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

interface Entry {
  readonly state: State
  readonly expiresAt: number
}

/** Expired entries looked for with each new one, so that memory follows what is live without any timer. */
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
  readonly #entries = new Map<string, Entry>()
  readonly #maxKeys: number
  readonly #now: () => number
  readonly #book: ReservationBook
  #hand = this.#entries.entries()
  #closed = false

  constructor(options: MemoryStoreOptions = {}) {
    this.#maxKeys = options.maxKeys ?? 100_000
    this.#now = options.now ?? (() => Math.floor(performance.timeOrigin + performance.now()))
    this.#book = new ReservationBook(this.#now)
  }

  /** States held, expired ones included. Never above `maxKeys`. */
  get size(): number {
    return this.#entries.size
  }

  async reserve(charges: readonly Charge[]): Promise<Verdict> {
    return this.reserveNow(charges)
  }

  /** As `reserve`, at once. Throws what `reserve` rejects with. */
  reserveNow(charges: readonly Charge[]): Verdict {
    checkCosts(charges)
    if (this.#closed) throw new StoreUnavailable('closed')
    const now = this.#now()
    const places = charges.map(placeOf)
    const { allowed, limits, states, receipts } = decide(
      charges,
      places.map((place) => this.#stateAt(place, now)),
      now,
    )
    if (!allowed) return { allowed, limits }
    this.#makeRoom(charges, places, now)
    for (const [at, { policy, cost }] of charges.entries())
      if (cost > 0) this.#write(places[at] as string, policy, states[at] as State, now)
    const reservation = this.#book.open(receipts)
    return reservation === undefined ? { allowed, limits } : { allowed, limits, reservation }
  }

  async cancel(reservation: Reservation): Promise<void> {
    await this.settle(reservation, 0)
  }

  async settle(reservation: Reservation, actual: ActualCost): Promise<void> {
    const now = this.#now()
    for (const { charge, mark, amount } of this.#book.take(reservation, actual)) {
      const counter = counterOf(charge.policy)
      const place = placeOf(charge)
      const saved = this.#stateAt(place, now)
      if (saved === undefined) continue
      const state = counter.advance(charge.policy, saved, now)
      counter.refund(charge.policy, state, mark, amount)
      this.#write(place, charge.policy, state, now)
    }
  }

  /** Units charged to a policy of a partition that still count; 0 when nothing does. */
  used(charge: Charge): number {
    const now = this.#now()
    const state = this.#stateAt(placeOf(charge), now)
    if (state === undefined) return 0
    const { policy } = charge
    const counter = counterOf(policy)
    return policy.capacity - counter.read(policy, counter.advance(policy, state, now), now).remaining
  }

  /** Drops what is counted for a policy of a partition. Answers whether anything was. */
  forget(place: Place): boolean {
    const name = placeOf(place)
    const was = this.#stateAt(name, this.#now()) !== undefined
    this.#entries.delete(name)
    return was
  }

  async reset(place: Place): Promise<boolean> {
    if (this.#closed) throw new StoreUnavailable('closed')
    return this.forget(place)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#entries.clear()
  }

  #stateAt(place: string, now: number): State | undefined {
    const entry = this.#entries.get(place)
    return entry === undefined || entry.expiresAt <= now ? undefined : entry.state
  }

  #write(place: string, policy: Policy, state: State, now: number): void {
    this.#entries.set(place, { state, expiresAt: now + counterOf(policy).lifetime(policy, state, now) })
  }

  #makeRoom(charges: readonly Charge[], places: readonly string[], now: number): void {
    let added = 0
    for (const [at, { cost }] of charges.entries())
      if (cost > 0 && !this.#entries.has(places[at] as string)) added += 1
    if (added === 0) return
    this.#sweep(added * SWEEP, now)
    if (this.#entries.size + added > this.#maxKeys) this.#sweep(SWEEP_FULL, now)
    if (this.#entries.size + added > this.#maxKeys) throw new StoreUnavailable('full')
  }

  /** Looks at the next entries round the map and drops the expired ones. */
  #sweep(count: number, now: number): void {
    for (let looked = 0; looked < count; looked += 1) {
      const next = this.#hand.next()
      if (next.done === true) {
        this.#hand = this.#entries.entries()
        return
      }
      const [place, { expiresAt }] = next.value
      if (expiresAt <= now) this.#entries.delete(place)
    }
  }
}
