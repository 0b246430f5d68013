import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import type { Trust } from '../checkpoint/trust.ts'
import { TransparencyLogError } from '../errors.ts'
import { decodeBundle } from '../tiles/decode-bundle.ts'
import { TILE_WIDTH } from '../tiles/tile-width.ts'
import { proveInclusion } from '../tree/prove-inclusion.ts'
import { formatProof } from '../proof/format-proof.ts'
import { verifyProof } from '../proof/verify-proof.ts'
import { readCheckpointFile, readTile } from './log-files.ts'
import { tileReader } from './tile-reader.ts'

/** An entry with the proof that it is in the log. */
export interface ProvenEntry {
  /** The exact bytes of the entry. */
  readonly entry: Uint8Array
  /** The text for a `.tlog-proof` file. */
  readonly proof: string
}

/**
 * Takes an entry out of a log, with the proof that it is there: who has both and the log's public key needs nothing
 * else. The proof is verified before it is answered.
 *
 * @param folder the log
 * @param index the entry's number, from 0
 * @param trust the log's key, and the witnesses that must have signed the checkpoint
 * @throws {@link TransparencyLogError} INVALID_ARGUMENT when the log has no such entry, DAMAGED when a file is missing or
 * too short, and what {@link verifyProof} throws when the log's files do not lead to the checkpoint
 */
export async function proveEntry(folder: string, index: number, trust: Trust): Promise<ProvenEntry> {
  const note = readCheckpointFile(folder)
  if (typeof note === 'string') throw new TransparencyLogError('DAMAGED', `checkpoint: it is ${note}.`)
  const { size } = openCheckpoint(note, trust)
  const hashes = await proveInclusion(index, size, tileReader(folder, size))
  const { path, bytes } = readTile(folder, 'entries', Math.floor(index / TILE_WIDTH), size)
  const entry = typeof bytes === 'string' ? undefined : decodeBundle(bytes)[index % TILE_WIDTH]
  if (entry === undefined)
    throw new TransparencyLogError('DAMAGED', `${path}: the entry ${index} is missing.`)
  const proof = formatProof({ index, hashes, checkpoint: note.toString() })
  verifyProof(proof, entry, trust)
  return { entry, proof }
}
