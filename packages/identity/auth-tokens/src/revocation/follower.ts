import { setTimeout as delay } from 'node:timers/promises'
import type { RevocationList } from '../core/revocation-list.ts'
import type { Revocation, TokenStore } from '../stores/store.ts'

/** Milliseconds between two attempts after a failure. */
const RETRY = 100
/** Milliseconds between two looks for what can be forgotten. */
const FORGET_INTERVAL = 60_000

/** Told when this process has learnt of a revocation. */
export type RevocationListener = () => void

/**
 * Keeps this process's list of revocations as the store has them: all at first, then every change, and what it missed
 * while the store was away.
 */
export class RevocationFollower {
  readonly #store: TokenStore
  readonly #list: RevocationList
  readonly #listener: RevocationListener
  readonly #ending = new AbortController()
  #cursor: string | undefined
  /** When the list was last known to be complete, on a clock that never goes back. */
  #completeAt = Number.NEGATIVE_INFINITY
  #forgotAt = performance.now()
  #running: Promise<void> | undefined

  constructor(store: TokenStore, list: RevocationList, listener: RevocationListener) {
    this.#store = store
    this.#list = list
    this.#listener = listener
  }

  /** Milliseconds since the list was complete. */
  get age(): number {
    if (!this.#store.isShared) return 0
    return performance.now() - this.#completeAt
  }

  /**
   * Reads all revocations, and follows from then on.
   *
   * @throws StoreUnavailable where they cannot be read
   */
  async start(): Promise<void> {
    if (!this.#store.isShared) return
    await this.#step()
    this.#running = this.#follow()
  }

  /** Adds one that this process made itself. */
  add(revocation: Revocation): void {
    this.#list.add(revocation)
    this.#forget()
    this.#listener()
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await this.#step()
      } catch {
        await delay(RETRY, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #step(): Promise<void> {
    const asked = performance.now()
    const part =
      this.#cursor === undefined ? await this.#store.snapshot() : await this.#store.changes(this.#cursor)
    if (part === 'lost') {
      this.#cursor = undefined
      return
    }
    for (const revocation of part.entries) this.add(revocation)
    this.#cursor = part.cursor
    // What came while the answer was on its way is in the next one.
    this.#completeAt = asked
  }

  #forget(): void {
    if (performance.now() - this.#forgotAt < FORGET_INTERVAL) return
    this.#forgotAt = performance.now()
    this.#list.forget(Date.now())
  }
}
