import type { TreeHead } from '../tree/verify-consistency.ts'

/** The head of a log: its name, how many entries it has, and the hash over them. */
export interface Checkpoint extends TreeHead {
  /** The log's name. */
  readonly origin: string
  readonly root: Buffer
}
