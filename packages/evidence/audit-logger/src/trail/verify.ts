import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { publicKeyOf, rangeRoot } from '@portcullis/transparency-log'
import type { Checkpoint, KeyInput } from '@portcullis/transparency-log'
import { readHead } from '../core/read-head.ts'
import { createScanner } from '../core/scan.ts'
import type { Fault, ScanResult } from '../core/scan.ts'
import { CHECKPOINT_FILE, eachLine, TRAIL_FILE } from './files.ts'

/** How a trail is verified. */
export interface VerifyOptions {
  /** The Ed25519 public key, in PEM or as a `KeyObject`. */
  readonly publicKey: KeyInput
  /**
   * A checkpoint that was kept elsewhere, the text of the file `checkpoint`. With it, a trail that was cut or written
   * anew is found, even by somebody who has the signing key.
   */
  readonly checkpoint?: string | undefined
  /** The name that the trail must have, its option `origin`. Default: that of its first checkpoint. */
  readonly origin?: string | undefined
}

/** What verification found. */
export interface VerifyReport {
  readonly ok: boolean
  /** The first thing that is wrong. */
  readonly fault: Fault | undefined
  /** Events that a signature vouches for: all of them when `ok`. */
  readonly events: number
  readonly checkpoints: number
  /** The tree hash over those events (RFC 6962), in base64. */
  readonly root: string
}

/** A scan of a trail's file: the first `bytes` of it. */
export async function scanTrail(
  directory: string,
  { publicKey, origin }: VerifyOptions,
  held: readonly Checkpoint[],
  bytes?: number,
): Promise<ScanResult> {
  const scanner = createScanner(publicKeyOf(publicKey), held, origin)
  const rest = await eachLine(join(directory, TRAIL_FILE), (line) => scanner.line(line), bytes)
  return scanner.end(rest)
}

/** The checkpoint beside the trail, where there is one. */
export async function checkpointBeside(directory: string): Promise<string | undefined> {
  try {
    return await readFile(join(directory, CHECKPOINT_FILE), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function wrongCheckpoint(kind: 'malformed' | 'wrong-key' | 'bad-signature', whose: string): Fault {
  return {
    kind,
    line: 0,
    message: `The checkpoint ${whose} is no checkpoint signed with this key (${kind}).`,
  }
}

/**
 * Verifies a trail as a stream, in memory that does not grow with it: every byte of every event, their order and
 * number, every signature, and the checkpoints beside it and given.
 *
 * @returns a report; what is wrong with the trail is never thrown
 * @throws when the directory holds no trail that can be read, or the key is none
 */
export async function verify(directory: string, options: VerifyOptions): Promise<VerifyReport> {
  return verifyBytes(directory, options, () => undefined)
}

/**
 * {@link verify} of the first bytes, for a trail that is being written to. They are asked for after the checkpoints
 * were read, so that these cannot be ahead.
 */
export async function verifyBytes(
  directory: string,
  options: VerifyOptions,
  bytes: () => number | undefined,
): Promise<VerifyReport> {
  const key = publicKeyOf(options.publicKey)
  const held: Checkpoint[] = []
  let fault: Fault | undefined
  const notes = [
    ['beside the trail', await checkpointBeside(directory)],
    ['that was given', options.checkpoint],
  ] as const
  for (const [whose, note] of notes) {
    if (note === undefined) continue
    const head = readHead(note, key)
    if (typeof head === 'string') fault ??= wrongCheckpoint(head, whose)
    else held.push(head)
  }
  const scan = await scanTrail(directory, options, held, bytes())
  const found = scan.fault ?? fault
  return {
    ok: found === undefined,
    fault: found,
    events: scan.sealed.range.size,
    checkpoints: scan.checkpoints,
    root: rangeRoot(scan.sealed.range).toString('base64'),
  }
}
