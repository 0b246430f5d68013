import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { TransparencyLogError } from '../errors.ts'

/** An Ed25519 key in PEM (PKCS #8 or SPKI) or as a `KeyObject`. */
export type KeyInput = string | KeyObject

function invalid(what: string): TransparencyLogError {
  // Not what the parser says: it could quote the key.
  return new TransparencyLogError('INVALID_KEY', `This is no Ed25519 ${what} key: give PEM or a KeyObject.`)
}

function parsed(parse: () => KeyObject, what: string): KeyObject {
  try {
    return parse()
  } catch {
    throw invalid(what)
  }
}

/**
 * The private key for signing.
 *
 * @throws {@link TransparencyLogError} INVALID_KEY when it is no Ed25519 private key; the message never holds the key
 */
export function privateKeyOf(key: KeyInput): KeyObject {
  const object = typeof key === 'string' ? parsed(() => createPrivateKey(key), 'private') : key
  if (object.type !== 'private' || object.asymmetricKeyType !== 'ed25519') throw invalid('private')
  return object
}

/**
 * The public key for verification; of a private key, its public half.
 *
 * @throws {@link TransparencyLogError} INVALID_KEY when it is no Ed25519 key; the message never holds the key
 */
export function publicKeyOf(key: KeyInput): KeyObject {
  const isPublic = typeof key !== 'string' && key.type === 'public'
  const object = isPublic ? key : parsed(() => createPublicKey(key), 'public')
  if (object.asymmetricKeyType !== 'ed25519') throw invalid('public')
  return object
}

/** The 32 bytes of an Ed25519 public key (RFC 8032). */
export function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
}
