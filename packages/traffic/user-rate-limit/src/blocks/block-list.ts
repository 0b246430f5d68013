import type { BlockKind } from './subject.ts'

/** A block as it is kept: a keyed hash of whom, until when, and why. */
export interface Block {
  /** A keyed hash: it tells nobody whom. */
  readonly name: string
  readonly kind: BlockKind
  /** Milliseconds since the epoch, on this process's clock. */
  readonly until: number
  /** What whoever blocked wrote. */
  readonly reason: string
}

/** Most blocks at once: each process holds all of them in memory. */
export const MOST_BLOCKS = 10_000

/** The blocks that a process knows. Asking it costs nothing while there are none of a kind. */
export class BlockList {
  readonly #blocks = new Map<string, Block>()
  readonly #kinds = new Map<BlockKind, number>()
  readonly #listeners: (() => void)[] = []
  readonly #now: () => number

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether nothing is blocked, which is what most requests find. */
  get isEmpty(): boolean {
    return this.#blocks.size === 0
  }

  /** Whether anything of a kind may be blocked: when it is not, nobody's name has to be found out. */
  has(kind: BlockKind): boolean {
    return (this.#kinds.get(kind) ?? 0) > 0
  }

  /** Whether a name is blocked now. */
  holds(name: string): boolean {
    const block = this.#blocks.get(name)
    if (block === undefined) return false
    if (block.until > this.#now()) return true
    this.delete(name)
    return false
  }

  /** Those that hold now; others are forgotten. */
  all(): readonly Block[] {
    for (const { name, until } of this.#blocks.values()) if (until <= this.#now()) this.delete(name)
    return [...this.#blocks.values()]
  }

  /** Calls `listener` for each block that is added, also those that were there before a `replace`. */
  onAdded(listener: () => void): void {
    this.#listeners.push(listener)
  }

  set(block: Block): void {
    this.delete(block.name)
    this.#blocks.set(block.name, block)
    this.#kinds.set(block.kind, (this.#kinds.get(block.kind) ?? 0) + 1)
    for (const listener of this.#listeners) listener()
  }

  /** @returns whether there was one that held */
  delete(name: string): boolean {
    const block = this.#blocks.get(name)
    if (block === undefined) return false
    this.#blocks.delete(name)
    this.#kinds.set(block.kind, (this.#kinds.get(block.kind) ?? 1) - 1)
    return block.until > this.#now()
  }

  /** Puts others in place of all. */
  replace(blocks: readonly Block[]): void {
    this.#blocks.clear()
    this.#kinds.clear()
    for (const block of blocks) this.set(block)
  }
}
