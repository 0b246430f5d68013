import { rawPublicKey } from './key-object.ts'
import { TYPE_BYTES } from './signature-type.ts'
import type { Verifier } from './verifier.ts'

/** A verifier as one line of text, `name+id+key` (the "vkey" of C2SP signed-note), to be handed to who verifies. */
export function formatVerifierKey({ name, keyId, type, publicKey }: Verifier): string {
  const key = Buffer.concat([Buffer.of(TYPE_BYTES[type]), rawPublicKey(publicKey)])
  return `${name}+${keyId}+${key.toString('base64')}`
}
