import { issueAt, pointerTo } from './issue.ts'
import type { Issue, Messages } from './issue.ts'

/** Something found, as it is told to a {@link Collector}. */
export interface Told {
  readonly path: readonly (string | number)[]
  readonly code: string
  readonly format?: string | undefined
}

const IDENTIFIER = /^[a-z_$][\w$-]{0,63}$/i

/** Collects what is found into issues: each once, no more than a number, and without names that are the client's. */
export class Collector {
  readonly #issues = new Map<string, Issue>()
  readonly #most: number
  readonly #messages: Messages

  constructor(most: number, messages: Messages) {
    this.#most = most
    this.#messages = messages
  }

  /** @param names the member names that may be told; `all` that look like names of code, where a schema does not list its own */
  add(prefix: string, { path, code, format }: Told, names: ReadonlySet<string> | 'all'): void {
    if (this.#issues.size >= this.#most) return
    let pointer = prefix
    for (const segment of path) {
      const isIndex = typeof segment === 'number' || /^\d{1,15}$/.test(segment)
      pointer +=
        isIndex || (names === 'all' ? IDENTIFIER.test(segment) : names.has(segment))
          ? pointerTo(segment)
          : '/*'
    }
    const key = `${pointer} ${code}`
    if (!this.#issues.has(key)) this.#issues.set(key, issueAt(pointer, code, this.#messages, format))
  }

  get issues(): readonly Issue[] {
    return [...this.#issues.values()]
  }

  get isEmpty(): boolean {
    return this.#issues.size === 0
  }
}
