import { LRUCache } from 'lru-cache'
import type { Row } from './rows.ts'

/** How a statement goes out: what is said of it, and what is known already. */
export interface Plan {
  /** Of the prepared statement; empty for one that is parsed for this packet alone. */
  readonly name: string
  /** Whether the server has it already, and its rows look as `row` says. */
  readonly known: boolean
  row: Row | undefined
}

/** Prepared statements of a connection. The server keeps a plan of each, which costs it memory. */
const MAX_PREPARED = 100
const MAX_SEEN = 400
/** Longer texts are seldom sent twice. */
const MAX_TEXT = 8_192

/**
 * What one connection has prepared. A statement is prepared when it is sent for the second time: texts that are made anew
 * for each call, such as lists of any length, would only push out the others.
 */
export class Prepared {
  readonly #seen = new LRUCache<string, true>({ max: MAX_SEEN })
  readonly #plans = new LRUCache<string, Plan & { known: boolean }>({
    max: MAX_PREPARED,
    dispose: ({ name }) => void this.#unused.push(name),
  })
  #unused: string[] = []
  #count = 0

  /** How to send a text. `key` tells apart what the same text means under another role or search path. */
  planOf(text: string, key: string): Plan {
    if (text.length > MAX_TEXT) return { name: '', known: false, row: undefined }
    const whole = key === '' ? text : `${key}\u0000${text}`
    const plan = this.#plans.get(whole)
    if (plan !== undefined) return plan
    if (this.#seen.get(whole) === undefined) {
      this.#seen.set(whole, true)
      return { name: '', known: false, row: undefined }
    }
    // A name is never given twice: after an error, nobody knows whether the server has it.
    const fresh = { name: `safe_db_${++this.#count}`, known: false, row: undefined }
    this.#plans.set(whole, fresh)
    return fresh
  }

  /** Takes note that the server has it. */
  learn(plan: Plan, row: Row): void {
    if (plan.name === '' || plan.known) return
    Object.assign(plan, { known: true, row })
  }

  /** Forgets plans of a packet that failed. */
  forget(plans: readonly Plan[]): void {
    if (plans.length === 0) return
    const gone = new Set(plans)
    for (const [key, plan] of this.#plans.entries()) if (gone.has(plan)) this.#plans.delete(key)
  }

  /** Names that the server may drop, each told once. */
  takeUnused(): readonly string[] {
    if (this.#unused.length === 0) return []
    const unused = this.#unused
    this.#unused = []
    return unused
  }
}
