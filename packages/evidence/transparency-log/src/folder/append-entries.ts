import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { signCheckpoint } from '../checkpoint/sign-checkpoint.ts'
import { TransparencyLogError } from '../errors.ts'
import { HASH_SIZE } from '../hash/hash-size.ts'
import { leafHash } from '../hash/leaf-hash.ts'
import type { Signer } from '../key/signer.ts'
import { encodeBundle, LONGEST_ENTRY } from '../tiles/encode-bundle.ts'
import { tilePath } from '../tiles/tile-path.ts'
import { clearBeyond } from './clear-beyond.ts'
import { CHECKPOINT_PATH, readCheckpointFile } from './log-files.ts'
import { addHash, readState, rootOfState } from './log-state.ts'
import type { LogState } from './log-state.ts'
import { withLock } from './with-lock.ts'
import { writeDurable } from './write-durable.ts'

/** How entries are appended. */
export interface AppendOptions {
  /** The log's key; its name is the log's. */
  readonly signer: Signer
  /**
   * Removes what lies beyond the checkpoint, which a process that was killed leaves behind, or somebody who put an old
   * checkpoint back. Look first which it was. Default: false, such a log takes no entries.
   */
  readonly recover?: boolean | undefined
}

/** An append that is durable. */
export interface Appended {
  /** The number of the first of the entries, from 0. */
  readonly index: number
  readonly checkpoint: Checkpoint
  /** The checkpoint as a signed note: what to hand to witnesses and to keep elsewhere. */
  readonly note: string
}

/** Writes the tiles that are full, and goes on behind them. Answers which they are: their parts are not needed now. */
async function writeFull(folder: string, state: LogState, levels: readonly number[]): Promise<string[]> {
  const written: string[] = []
  for (const level of levels) {
    const tile = state.tiles[level]
    if (tile === undefined) continue
    if (level === 0) {
      const path = tilePath('entries', tile.index)
      await writeDurable(folder, path, Buffer.concat(state.bundle))
      state.bundle = []
      written.push(path)
    }
    const path = tilePath(level, tile.index)
    await writeDurable(folder, path, tile.hashes)
    tile.index += 1
    tile.width = 0
    written.push(path)
  }
  return written
}

/** Writes the tiles at the right edge that are not full. */
async function writeParts(folder: string, { tiles, bundle }: LogState): Promise<void> {
  for (const [level, { index, width, hashes }] of tiles.entries()) {
    if (width === 0) continue
    if (level === 0) await writeDurable(folder, tilePath('entries', index, width), Buffer.concat(bundle))
    await writeDurable(folder, tilePath(level, index, width), hashes.subarray(0, width * HASH_SIZE))
  }
}

/**
 * Appends entries to a log in a folder, laid out as C2SP tlog-tiles, and signs its new head. The folder is made when it
 * is not there. When the promise settles, everything is on disk; the checkpoint is the last to change, so that a log
 * whose process is killed has the entries of its last checkpoint.
 *
 * @param folder the log
 * @param entries 0 or more, each of at most 65,535 bytes
 * @throws {@link TransparencyLogError} LOCKED when somebody else appends, DAMAGED when the log's right edge is not what
 * its checkpoint says or files lie beyond it, INVALID_ARGUMENT when an entry is too long, and what
 * {@link openCheckpoint} throws when the log is another's. Nothing is appended then
 */
export async function appendEntries(
  folder: string,
  entries: readonly Uint8Array[],
  { signer, recover = false }: AppendOptions,
): Promise<Appended> {
  if (entries.some(({ length }) => length > LONGEST_ENTRY)) {
    throw new TransparencyLogError('INVALID_ARGUMENT', `An entry takes ${LONGEST_ENTRY} bytes.`)
  }
  return withLock(folder, async () => {
    const before = readCheckpointFile(folder)
    if (before === 'no file' || before === 'too long') {
      throw new TransparencyLogError('DAMAGED', `${CHECKPOINT_PATH}: it is ${before}. Nothing was appended.`)
    }
    const checkpoint = before === 'missing' ? undefined : openCheckpoint(before, { key: signer.verifier })
    const state = readState(folder, checkpoint)
    await clearBeyond(folder, state.size, recover)
    const index = state.size
    const full: string[] = []
    for (const entry of entries) {
      state.bundle.push(encodeBundle([entry]))
      state.size += 1
      full.push(...(await writeFull(folder, state, addHash(state, leafHash(entry)))))
    }
    await writeParts(folder, state)
    const head = { origin: signer.verifier.name, size: state.size, root: rootOfState(state) }
    const note = signCheckpoint(head, signer)
    await writeDurable(folder, CHECKPOINT_PATH, note)
    for (const path of full) await rm(join(folder, `${path}.p`), { recursive: true, force: true })
    return { index, checkpoint: head, note }
  })
}
