/** One message of the server: its type and what it holds, as PostgreSQL's protocol 3.0 frames it. */
export interface Frame {
  /** One character, such as `R` for authentication. */
  readonly type: string
  readonly body: Buffer
  /** The message as it came. */
  readonly bytes: Buffer
}

const HEADER = 5

/**
 * Takes the first message off some bytes.
 *
 * @param longest bytes that a message may have
 * @returns `undefined` where it is not complete yet, `null` where its length is none
 */
export function firstFrame(bytes: Buffer, longest: number): Frame | undefined | null {
  if (bytes.length < HEADER) return undefined
  // The length counts itself and not the type.
  const end = bytes.readUInt32BE(1) + 1
  if (end < HEADER || end > longest) return null
  if (bytes.length < end) return undefined
  return {
    type: String.fromCharCode(bytes[0] ?? 0),
    body: bytes.subarray(HEADER, end),
    bytes: bytes.subarray(0, end),
  }
}

/** The strings of a body that holds nothing but strings that end with NUL; `undefined` where it is none. */
export function stringsOf(body: Buffer): readonly string[] | undefined {
  if (body.at(-1) !== 0) return undefined
  return body.subarray(0, -1).toString('utf8').split('\0')
}
