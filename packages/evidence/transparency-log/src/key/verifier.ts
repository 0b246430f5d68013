import type { KeyObject } from 'node:crypto'
import type { SignatureType } from './signature-type.ts'

/** A public key with the name under which it signs. */
export interface Verifier {
  /** Not empty, without spaces and `+`. A log's is its origin. */
  readonly name: string
  /** Four bytes in lower-case hexadecimal, which tell apart keys of one name. */
  readonly keyId: string
  readonly type: SignatureType
  readonly publicKey: KeyObject
}
