import type { Verifier } from './verifier.ts'

/** Something that signs notes under a name. */
export interface Signer {
  /** Its public half. */
  readonly verifier: Verifier
  /** Signs the text of a note. Answers what follows the key's id in the signature line. */
  readonly sign: (text: string) => Buffer
}
