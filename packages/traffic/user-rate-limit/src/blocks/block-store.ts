import { InvalidBlock } from '../core/failures.ts'
import { BlockList, MOST_BLOCKS } from './block-list.ts'
import type { Block } from './block-list.ts'

/** Where blocks are kept, and the list of those that this process knows. */
export interface BlockStore {
  readonly list: BlockList
  /**
   * Keeps a block for `lifetime` milliseconds.
   *
   * @throws InvalidBlock when there are as many as can be; StoreUnavailable when the store is away: nothing is blocked
   */
  add(block: Omit<Block, 'until'>, lifetime: number): Promise<Block>
  /**
   * Ends a block.
   *
   * @returns whether there was one
   * @throws StoreUnavailable when the store is away: the block holds on
   */
  remove(name: string): Promise<boolean>
  /** Tells the other instances that what was counted for a partition has been reset. @throws StoreUnavailable */
  tellReset(key: string): Promise<void>
  close(): void
}

/** Blocks of this process alone. */
export function memoryBlocks(): BlockStore {
  const list = new BlockList(Date.now)
  return {
    list,
    async add(block, lifetime) {
      const kept = { ...block, until: Date.now() + lifetime }
      if (list.all().length >= MOST_BLOCKS && !list.holds(block.name))
        throw new InvalidBlock(`at most ${MOST_BLOCKS} blocks at once`)
      list.set(kept)
      return kept
    },
    async remove(name) {
      return list.delete(name)
    },
    tellReset: async () => undefined,
    close: () => undefined,
  }
}
