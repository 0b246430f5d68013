import { TransparencyLogError } from '../errors.ts'
import { sha256 } from '../hash/sha256.ts'
import { hasControl } from '../note/read-text.ts'
import { publicKeyOf, rawPublicKey } from './key-object.ts'
import type { KeyInput } from './key-object.ts'
import { TYPE_BYTES } from './signature-type.ts'
import type { SignatureType } from './signature-type.ts'
import type { Verifier } from './verifier.ts'

const NAME = /^[^\p{White_Space}+]+$/u

/** Whether a text can name a key: no Unicode space, no `+`, no control character (C2SP signed-note). */
export function isKeyName(name: string): boolean {
  return NAME.test(name) && !hasControl(name) && Buffer.from(name).toString() === name
}

/**
 * Names a public key, so that its signatures can be told from others.
 *
 * @param name the key's name; a log's is its origin
 * @param key an Ed25519 key in PEM or as a `KeyObject`; of a private key, its public half is taken
 * @param type what it signs. Default: `ed25519`, a log's notes
 * @throws {@link TransparencyLogError} INVALID_KEY when it is no Ed25519 key or the name none for a key
 */
export function createVerifier(name: string, key: KeyInput, type: SignatureType = 'ed25519'): Verifier {
  if (!isKeyName(name)) {
    throw new TransparencyLogError(
      'INVALID_KEY',
      `${JSON.stringify(name)} is no name for a key: it takes one or more characters, no space and no "+".`,
    )
  }
  const publicKey = publicKeyOf(key)
  const input = Buffer.concat([
    Buffer.from(`${name}\n`),
    Buffer.of(TYPE_BYTES[type]),
    rawPublicKey(publicKey),
  ])
  return { name, keyId: sha256(input).toString('hex', 0, 4), type, publicKey }
}
