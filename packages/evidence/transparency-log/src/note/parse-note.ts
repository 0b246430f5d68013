import { isKeyName } from '../key/create-verifier.ts'
import { malformed } from './malformed.ts'
import { readText } from './read-text.ts'
import { strictBase64 } from './strict-base64.ts'

/** A signature line. */
export interface SignatureLine {
  readonly name: string
  /** Four bytes in hexadecimal. */
  readonly keyId: string
  /** What follows the key's id. */
  readonly signature: Buffer
}

/** A note whose signatures have not been looked at. */
export interface ParsedNote {
  /** What is signed, with its last line break. */
  readonly text: string
  readonly lines: readonly SignatureLine[]
}

/** Most signatures in a note. C2SP asks for 16 at least. */
const MOST_SIGNATURES = 100

function parseLine(line: string): SignatureLine {
  const [dash, name, encoded, ...rest] = line.split(' ')
  const bytes = encoded === undefined ? undefined : strictBase64(encoded)
  if (dash !== '—' || name === undefined || !isKeyName(name) || rest.length > 0) {
    throw malformed('A line after the empty one is no signature line.')
  }
  if (bytes === undefined || bytes.length < 5) throw malformed('A signature is no base64 of enough bytes.')
  return { name, keyId: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) }
}

/** Takes a note apart (C2SP signed-note): the text ends at the last empty line. */
export function parseNote(note: string | Uint8Array): ParsedNote {
  const whole = readText(note)
  const end = whole.lastIndexOf('\n\n')
  if (end === -1) throw malformed('The note has no empty line between text and signatures.')
  if (!whole.endsWith('\n')) throw malformed('The note does not end with a line break.')
  const lines = whole.slice(end + 2, -1).split('\n')
  if (whole.length === end + 2) throw malformed('The note has no signature.')
  if (lines.length > MOST_SIGNATURES) throw malformed(`The note has more than ${MOST_SIGNATURES} signatures.`)
  return { text: whole.slice(0, end + 1), lines: lines.map(parseLine) }
}
