import { EMPTY_ROOT } from '../hash/empty-root.ts'
import { HASH_SIZE } from '../hash/hash-size.ts'
import { malformed } from '../note/malformed.ts'
import { strictBase64 } from '../note/strict-base64.ts'
import type { Checkpoint } from './checkpoint.ts'

const SIZE = /^(?:0|[1-9]\d{0,15})$/

/** A checkpoint with what follows its three lines. */
export interface ParsedCheckpoint extends Checkpoint {
  /** Further lines, which are signed but mean nothing here. */
  readonly extensions: readonly string[]
}

/**
 * Reads the text of a checkpoint (C2SP tlog-checkpoint), which {@link openNote} has verified.
 *
 * @throws {@link TransparencyLogError} MALFORMED when it is none; also when it has more than 2^53 - 1 entries, or the
 * root of the empty tree with entries or another one without
 */
export function parseCheckpoint(text: string): ParsedCheckpoint {
  if (!text.endsWith('\n')) throw malformed('The checkpoint does not end with a line break.')
  const [origin, count, encoded, ...extensions] = text.slice(0, -1).split('\n')
  if (origin === undefined || count === undefined || encoded === undefined) {
    throw malformed('The checkpoint has fewer than three lines.')
  }
  if (origin === '' || extensions.includes('')) throw malformed('A line of the checkpoint is empty.')
  const size = Number(count)
  if (!SIZE.test(count) || !Number.isSafeInteger(size)) {
    throw malformed('The second line of the checkpoint is no size.')
  }
  const root = strictBase64(encoded)
  if (root?.length !== HASH_SIZE) throw malformed('The third line of the checkpoint is no root hash.')
  if (root.equals(EMPTY_ROOT) !== (size === 0)) {
    throw malformed('The root of the checkpoint cannot be that of a tree of its size.')
  }
  return { origin, size, root, extensions }
}
