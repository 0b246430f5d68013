import { EMPTY_ROOT } from '@portcullis/transparency-log'

/** What every line of an event begins with. */
export interface Envelope {
  /** Its number in the trail, from 0. */
  readonly seq: number
  /** The leaf hash of the line before, in base64url; of the first line, the hash of the empty tree. */
  readonly prev: string
}

/** What the first event of a trail names as its predecessor. */
export const NO_LINE_BEFORE: string = EMPTY_ROOT.toString('base64url')

const ENVELOPE = /^\{"seq":(0|[1-9]\d{0,15}),"prev":"([A-Za-z0-9_-]{43})",/
const LONGEST_ENVELOPE = 84
const CHECKPOINT = '{"checkpoint":"'

// What a terminal or editor would obey or hide: DEL and C1 controls, zero-width, line and paragraph separators,
// bidirectional controls, the byte order mark, interlinear annotation, tag characters. (C0 is escaped by JSON itself.)
const DANGEROUS =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g

function escapeUnits(found: string): string {
  return found
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/**
 * JSON on one line that is safe to print: control, invisible and direction-changing characters are escaped, so that a
 * value can neither begin a line nor command a terminal. Parsing gives the value back unchanged.
 */
export function printableJson(value: object): string {
  return JSON.stringify(value).replace(DANGEROUS, escapeUnits)
}

/** The line of an event: its envelope, and the members of `body`, which is the JSON of an object that is not empty. */
export function eventLine({ seq, prev }: Envelope, body: string): Buffer {
  return Buffer.from(`{"seq":${seq},"prev":"${prev}",${body.slice(1)}`)
}

/** The line of a checkpoint. It is no leaf of the tree. */
export function checkpointLine(note: string): Buffer {
  return Buffer.from(JSON.stringify({ checkpoint: note }))
}

/** The envelope of an event's line, or `undefined` when the bytes are no such line. */
export function envelopeOf(line: Buffer): Envelope | undefined {
  const [, seq, prev] = ENVELOPE.exec(line.toString('latin1', 0, LONGEST_ENVELOPE)) ?? []
  return prev === undefined ? undefined : { seq: Number(seq), prev }
}

/** Whether a line claims to be a checkpoint. */
export function isCheckpoint(line: Buffer): boolean {
  return line.toString('latin1', 0, CHECKPOINT.length) === CHECKPOINT
}

/** The note of a checkpoint's line; empty when there is none in it. */
export function noteIn(line: Buffer): string {
  try {
    const { checkpoint } = JSON.parse(line.toString()) as { checkpoint?: unknown }
    // Written any other way, the line is not the one that was written.
    if (typeof checkpoint !== 'string' || !checkpointLine(checkpoint).equals(line)) return ''
    return checkpoint
  } catch {
    return ''
  }
}
