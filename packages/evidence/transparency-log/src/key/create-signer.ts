import { sign } from 'node:crypto'
import { createVerifier } from './create-verifier.ts'
import { privateKeyOf } from './key-object.ts'
import type { KeyInput } from './key-object.ts'
import type { Signer } from './signer.ts'

/**
 * Signs as a log does (C2SP signed-note, Ed25519). The key is prepared once.
 *
 * @param name the key's name: the log's origin
 * @param key an Ed25519 private key in PEM or as a `KeyObject`
 * @throws {@link TransparencyLogError} INVALID_KEY
 */
export function createSigner(name: string, key: KeyInput): Signer {
  const privateKey = privateKeyOf(key)
  return {
    verifier: createVerifier(name, privateKey),
    sign: (text) => sign(null, Buffer.from(text), privateKey),
  }
}
