/** Codes of {@link TransparencyLogError}. */
export type TransparencyLogErrorCode =
  | 'PORTCULLIS_TRANSPARENCY_LOG_INVALID_ARGUMENT'
  | 'PORTCULLIS_TRANSPARENCY_LOG_INVALID_KEY'
  | 'PORTCULLIS_TRANSPARENCY_LOG_MALFORMED'
  | 'PORTCULLIS_TRANSPARENCY_LOG_UNKNOWN_KEY'
  | 'PORTCULLIS_TRANSPARENCY_LOG_BAD_SIGNATURE'
  | 'PORTCULLIS_TRANSPARENCY_LOG_WRONG_ORIGIN'
  | 'PORTCULLIS_TRANSPARENCY_LOG_UNWITNESSED'
  | 'PORTCULLIS_TRANSPARENCY_LOG_BAD_PROOF'
  | 'PORTCULLIS_TRANSPARENCY_LOG_DAMAGED'
  | 'PORTCULLIS_TRANSPARENCY_LOG_LOCKED'

/** The part of a code that tells it from the others. */
type Reason = TransparencyLogErrorCode extends `PORTCULLIS_TRANSPARENCY_LOG_${infer Name}` ? Name : never

/**
 * What every function of this package throws, apart from the errors of the file system. The message says what was
 * wrong and never holds a private key.
 */
export class TransparencyLogError extends Error {
  override readonly name = 'TransparencyLogError'
  /** Which of the errors in the README's table it is. */
  readonly code: TransparencyLogErrorCode

  constructor(reason: Reason, message: string) {
    super(message)
    this.code = `PORTCULLIS_TRANSPARENCY_LOG_${reason}`
  }
}
