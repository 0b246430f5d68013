import { checkHashes } from '../tree/checked-hashes.ts'
import { TransparencyLogError } from '../errors.ts'
import { PROOF_HEADER } from './tlog-proof.ts'
import type { TlogProof } from './tlog-proof.ts'

/**
 * Writes a proof as the text of a `.tlog-proof` file (C2SP tlog-proof).
 *
 * @throws {@link TransparencyLogError} INVALID_ARGUMENT when the index is no number of an entry, BAD_PROOF when a hash is
 * not 32 bytes
 */
export function formatProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new TransparencyLogError('INVALID_ARGUMENT', `${index} is no number of an entry.`)
  }
  checkHashes(hashes, 'A hash of the proof')
  const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  const lines = [
    PROOF_HEADER,
    ...(extra === undefined || extra.length === 0 ? [] : [`extra ${encode(extra)}`]),
    `index ${index}`,
    ...hashes.map(encode),
    '',
    checkpoint,
  ]
  return lines.join('\n')
}
