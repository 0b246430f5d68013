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

/**
 * A reservation with what it takes to give it back. It carries that itself: a table beside it would cost the garbage
 * collector more than the whole decision.
 */
class OpenReservation implements Reservation {
  readonly #receipts: readonly Receipt[]
  readonly #madeAt: number
  #book: ReservationBook | undefined

  constructor(book: ReservationBook, receipts: readonly Receipt[], madeAt: number) {
    this.#receipts = receipts
    this.#madeAt = madeAt
    this.#book = book
  }

  get charges(): readonly Charge[] {
    return this.#receipts.map(({ charge }) => charge)
  }

  /** Whether a reservation is open, and in a book. */
  static isOpen(reservation: Reservation, book: ReservationBook): boolean {
    return reservation instanceof OpenReservation && reservation.#book === book
  }

  /** What is open, for the first who asks on behalf of the store that made it. */
  static close(
    reservation: Reservation,
    book: ReservationBook,
  ): { receipts: readonly Receipt[]; madeAt: number } | undefined {
    if (!(reservation instanceof OpenReservation) || reservation.#book !== book) return undefined
    reservation.#book = undefined
    return { receipts: reservation.#receipts, madeAt: reservation.#madeAt }
  }
}

function isFinal({ charge }: Receipt): boolean {
  return charge.final === true
}

/**
 * The open reservations of one store. Each is taken out once, by the first who settles or cancels it; one that is
 * forgotten costs nothing, and its charge rolls over with its window.
 */
export class ReservationBook {
  readonly #now: () => number

  /** @param now a clock in milliseconds that never steps back */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Opens a reservation for what can be given back; `undefined` when that is nothing. */
  open(receipts: readonly Receipt[]): Reservation | undefined {
    const own = receipts.some(isFinal) ? receipts.filter((receipt) => !isFinal(receipt)) : receipts
    return own.length === 0 ? undefined : new OpenReservation(this, own, this.#now())
  }

  /** Whether a reservation is one of this book, and open still. */
  holds(reservation: Reservation): boolean {
    return OpenReservation.isOpen(reservation, this)
  }

  /** Closes a reservation: what has to be given back so that `actual` stays charged. */
  take(reservation: Reservation, actual: ActualCost): Refund[] {
    const open = OpenReservation.close(reservation, this)
    if (open === undefined) return []
    const age = this.#now() - open.madeAt
    return open.receipts.flatMap(({ charge, mark }) => {
      const { policy, cost } = charge
      const stays = typeof actual === 'number' ? actual : (actual.get(policy.name) ?? cost)
      const amount = cost - Math.min(cost, Math.max(0, Math.ceil(stays)))
      const rolledOver = age >= counterOf(policy).longest(policy)
      return amount > 0 && !rolledOver ? [{ charge, mark, amount }] : []
    })
  }
}
