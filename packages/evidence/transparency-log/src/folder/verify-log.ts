import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import type { OpenedCheckpoint } from '../checkpoint/open-checkpoint.ts'
import type { Trust } from '../checkpoint/trust.ts'
import { checkTrust } from '../checkpoint/trust.ts'
import { TransparencyLogError } from '../errors.ts'
import type { TransparencyLogErrorCode } from '../errors.ts'
import { HASH_SIZE } from '../hash/hash-size.ts'
import { tileRoot } from '../tiles/tile-root.ts'
import { TILE_WIDTH } from '../tiles/tile-width.ts'
import { checkBundle } from './check-bundle.ts'
import { checkStrays } from './check-strays.ts'
import { Damage } from './damage.ts'
import type { LogFault, LogFaultKind } from './damage.ts'
import { createHeadWatch } from './head-watch.ts'
import type { HeadWatch } from './head-watch.ts'
import { CHECKPOINT_PATH, LOCK_PATH, readCheckpointFile } from './log-files.ts'
import { createUpperTiles } from './upper-tiles.ts'

/** How a log is verified. */
export interface VerifyLogOptions extends Trust {
  /**
   * Checkpoints of this log that were kept elsewhere: whole notes. With them a log is found that was cut, put back or
   * written anew, even by somebody who has the signing key. They need no witnesses.
   */
  readonly held?: readonly (string | Uint8Array)[] | undefined
}

/** What verification found. */
export interface LogReport {
  readonly ok: boolean
  /** The first thing that is wrong. */
  readonly fault: LogFault | undefined
  /** The log's newest head, when it was good. */
  readonly checkpoint: OpenedCheckpoint | undefined
  /** Entries that a signature vouches for, whatever else is wrong: all of them when `ok`. */
  readonly entries: number
}

const NOTE_FAULTS: Partial<Record<TransparencyLogErrorCode, LogFaultKind>> = {
  PORTCULLIS_TRANSPARENCY_LOG_MALFORMED: 'malformed',
  PORTCULLIS_TRANSPARENCY_LOG_UNKNOWN_KEY: 'wrong-key',
  PORTCULLIS_TRANSPARENCY_LOG_BAD_SIGNATURE: 'bad-signature',
  PORTCULLIS_TRANSPARENCY_LOG_WRONG_ORIGIN: 'foreign',
  PORTCULLIS_TRANSPARENCY_LOG_UNWITNESSED: 'unwitnessed',
}

function openNewest(note: ReturnType<typeof readCheckpointFile>, trust: Trust): OpenedCheckpoint {
  if (typeof note === 'string') {
    const kind = note === 'missing' ? 'missing' : 'malformed'
    throw new Damage(kind, CHECKPOINT_PATH, undefined, `the checkpoint is ${note}.`)
  }
  try {
    return openCheckpoint(note, trust)
  } catch (error) {
    const kind = error instanceof TransparencyLogError ? NOTE_FAULTS[error.code] : undefined
    if (kind === undefined || !(error instanceof Error)) throw error
    throw new Damage(kind, CHECKPOINT_PATH, undefined, error.message)
  }
}

/** Heads that were kept elsewhere. One that is not good says nothing of the log, so it is thrown. */
function openHeld(held: readonly (string | Uint8Array)[], { key, origin }: Trust): OpenedCheckpoint[] {
  return held
    .map((note) => openCheckpoint(note, { key, origin }))
    .filter(({ size }) => size > 0)
    .toSorted((one, other) => one.size - other.size)
}

/**
 * Verifies a log in a folder as a stream, in memory that does not grow with it: every byte of every entry and tile,
 * their order and number, the checkpoint and its signatures, and that no other files are among them. A log that is
 * being appended to is verified up to the checkpoint it had at the start.
 *
 * @param folder the log, laid out as C2SP tlog-tiles
 * @returns a report; what is wrong with the log is never thrown
 * @throws {@link TransparencyLogError} when a checkpoint in `held` is not good or the trust cannot be met; an error of
 * the file system when the folder or a file in it cannot be read
 */
export async function verifyLog(folder: string, options: VerifyLogOptions): Promise<LogReport> {
  checkTrust(options)
  const held = openHeld(options.held ?? [], options)
  // A folder that is not there is no log that is damaged.
  statSync(folder)
  const note = readCheckpointFile(folder)
  let checkpoint: OpenedCheckpoint | undefined
  let watch = createHeadWatch([])
  try {
    checkpoint = openNewest(note, options)
    watch = createHeadWatch([...held.filter(({ size }) => size <= (checkpoint?.size ?? 0)), checkpoint])
    await scan(folder, checkpoint, watch)
    const newest = held.at(-1)?.size ?? 0
    if (newest > checkpoint.size) {
      const message = `the log has ${checkpoint.size} entries; it had ${newest} when a checkpoint was kept.`
      throw new Damage('truncated', CHECKPOINT_PATH, checkpoint.size, message)
    }
    const { size } = checkpoint
    await checkStrays(folder, size, () => hasGrown(folder, size, options))
  } catch (error) {
    if (!(error instanceof Damage)) throw error
    return { ok: false, fault: error.fault, checkpoint, entries: watch.agreed }
  }
  return { ok: true, fault: undefined, checkpoint, entries: checkpoint.size }
}

async function scan(folder: string, checkpoint: OpenedCheckpoint, watch: HeadWatch): Promise<void> {
  const upper = createUpperTiles(folder, checkpoint.size)
  const last = Math.ceil(checkpoint.size / TILE_WIDTH) - 1
  for (let index = 0; index <= last; index++) {
    const { hashes, path } = checkBundle(folder, checkpoint, index, watch)
    const root = hashes.length === TILE_WIDTH * HASH_SIZE ? tileRoot(hashes) : undefined
    if (root !== undefined) upper.add(1, root)
    if (index === last) {
      // Tiles that disagree with each other say where; a root that does not fit only says that something is wrong.
      upper.end()
      watch.compare(hashes, path)
    } else if (root !== undefined) {
      watch.compare(hashes, path)
      watch.advance(root)
    }
    // Whoever verifies in a server has requests to answer between two bundles.
    await setImmediate()
  }
}

/** Whether a note is a newer head of the log. */
function isNewer(note: Buffer, size: number, trust: Trust): boolean {
  try {
    return openCheckpoint(note, { key: trust.key, origin: trust.origin }).size > size
  } catch {
    return false
  }
}

/**
 * Whether a log has a newer checkpoint by now. While somebody is appending, files can be ahead of it, but not for long:
 * a lock that lies around must not excuse them.
 */
async function hasGrown(folder: string, size: number, trust: Trust): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    const busy = existsSync(join(folder, LOCK_PATH))
    const now = readCheckpointFile(folder)
    if (typeof now !== 'string' && isNewer(now, size, trust)) return true
    if (!busy) return false
    await setTimeout(50)
  }
  return false
}
