import { printable } from '../note/printable.ts'

/** What is wrong with a log. */
export type LogFaultKind =
  /** A file that must be there is not. */
  | 'missing'
  /** A file is not in its format, too short or too long. */
  | 'malformed'
  /** An entry or hash is not the one that was logged. */
  | 'edited'
  /** The checkpoint is not signed by the log's key. */
  | 'wrong-key'
  /** The checkpoint's signature does not hold. */
  | 'bad-signature'
  /** The checkpoint is another log's. */
  | 'foreign'
  /** Too few witnesses have signed the checkpoint. */
  | 'unwitnessed'
  /** Files hold more than the checkpoint vouches for. */
  | 'unsigned'
  /** There is a file that no log has. */
  | 'unknown-file'
  /** The log has fewer entries than it had. */
  | 'truncated'
  /** Files agree with each other, but not with what was signed. */
  | 'rewritten'

/** The first thing that is wrong with a log. */
export interface LogFault {
  readonly kind: LogFaultKind
  /** The file, relative to the log. */
  readonly path: string
  /** The number of the entry, from 0, or of the first entry that is affected; nothing where it is about no entry. */
  readonly entry: number | undefined
  /** What was found, in a sentence that is safe to print. */
  readonly message: string
}

/** Ends a verification at the first thing that is wrong. It never leaves the package. */
export class Damage extends Error {
  readonly fault: LogFault

  constructor(kind: LogFaultKind, path: string, entry: number | undefined, message: string) {
    super(message)
    this.fault = { kind, path, entry, message: `${printable(path)}: ${message}` }
  }
}
