import { TransparencyLogError } from '../errors.ts'
import { HASH_SIZE } from '../hash/hash-size.ts'
import { readText } from '../note/read-text.ts'
import type { TreeHead } from '../tree/verify-consistency.ts'

/**
 * The text of a checkpoint (C2SP tlog-checkpoint): three lines, the origin, the size, the root in base64. It is what
 * is signed.
 *
 * @throws {@link TransparencyLogError} INVALID_ARGUMENT when the origin is not one line, the size no count, or the root
 * not 32 bytes
 */
export function formatCheckpoint({ origin, size, root }: TreeHead & { readonly origin: string }): string {
  if (origin === '' || origin.includes('\n')) {
    throw new TransparencyLogError('INVALID_ARGUMENT', 'The origin of a log is one line that is not empty.')
  }
  if (!Number.isSafeInteger(size) || size < 0 || root.length !== HASH_SIZE) {
    throw new TransparencyLogError('INVALID_ARGUMENT', 'A checkpoint takes a count and a root of 32 bytes.')
  }
  return readText(`${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`)
}
