import { counterOf } from '../core/algorithms/index.ts'
import type { Mark } from '../core/algorithms/algorithm.ts'
import type { Receipt } from '../core/decide.ts'
import type { Charge, Reservation } from '../core/verdict.ts'
import type { ActualCost } from './store.ts'

/** Units to be taken back from where they were charged. */
export interface Refund {
  readonly charge: Charge
  readonly mark: Mark
  readonly amount: number
}

interface Entry {
  readonly receipts: readonly Receipt[]
  readonly madeAt: number
}

/**
 * The open reservations of one store. Each is taken out once, by the first who settles or cancels it. Weak: one that is
 * forgotten costs nothing, and its charge rolls over with its window.
 */
export class ReservationBook {
  readonly #entries = new WeakMap<Reservation, Entry>()
  readonly #now: () => number

  /** @param now a clock in milliseconds that never steps back */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Opens a reservation for what can be given back; `undefined` when that is nothing. */
  open(receipts: readonly Receipt[]): Reservation | undefined {
    const own = receipts.filter(({ charge }) => charge.final !== true)
    if (own.length === 0) return undefined
    const reservation = Object.freeze({ charges: own.map(({ charge }) => charge) })
    this.#entries.set(reservation, { receipts: own, madeAt: this.#now() })
    return reservation
  }

  /** Closes a reservation: what has to be given back so that `actual` stays charged. */
  take(reservation: Reservation, actual: ActualCost): Refund[] {
    const entry = this.#entries.get(reservation)
    if (entry === undefined) return []
    this.#entries.delete(reservation)
    const age = this.#now() - entry.madeAt
    return entry.receipts.flatMap(({ charge, mark }) => {
      const { policy, cost } = charge
      const stays = typeof actual === 'number' ? actual : (actual.get(policy.name) ?? cost)
      const amount = cost - Math.min(cost, Math.max(0, Math.ceil(stays)))
      const rolledOver = age >= longestLife(charge)
      return amount > 0 && !rolledOver ? [{ charge, mark, amount }] : []
    })
  }
}

/** Milliseconds after which a charge has certainly left its window, whatever the store's clock did meanwhile. */
function longestLife({ policy }: Charge): number {
  const counter = counterOf(policy)
  return counter.lifetime(policy, counter.advance(policy, undefined, 0), 0)
}
