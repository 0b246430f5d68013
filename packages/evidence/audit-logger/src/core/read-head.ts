import type { KeyObject } from 'node:crypto'
import { createVerifier, openCheckpoint, TransparencyLogError } from '@portcullis/transparency-log'
import type { Checkpoint } from '@portcullis/transparency-log'

/** Why a note was not taken for a checkpoint. */
export type NoteFault = 'malformed' | 'wrong-key' | 'bad-signature'

/**
 * Reads a signed note as the head of the trail that it names. Anything but three lines and exactly one good signature
 * of `key` is a fault: a line of an unknown key, which others pass over, would be a byte of the trail that nothing
 * protects.
 */
export function readHead(note: string, key: KeyObject): Checkpoint | NoteFault {
  try {
    const named = createVerifier(note.slice(0, Math.max(0, note.indexOf('\n'))), key)
    const { origin, size, root, extensions, unknown } = openCheckpoint(note, { key: named })
    return extensions.length > 0 || unknown > 0 ? 'malformed' : { origin, size, root }
  } catch (error) {
    if (!(error instanceof TransparencyLogError)) throw error
    if (error.code === 'PORTCULLIS_TRANSPARENCY_LOG_UNKNOWN_KEY') return 'wrong-key'
    return error.code === 'PORTCULLIS_TRANSPARENCY_LOG_BAD_SIGNATURE' ? 'bad-signature' : 'malformed'
  }
}
