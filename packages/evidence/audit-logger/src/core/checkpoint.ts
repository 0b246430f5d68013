import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** The head of a trail: how many lines it has, and the Merkle tree hash over them. */
export interface Checkpoint {
  /** The trail's name. */
  readonly origin: string
  /** Events in the trail. */
  readonly size: number
  /** Tree hash of RFC 6962 over the first `size` events. */
  readonly root: Buffer
}

/** An Ed25519 key in PEM (PKCS #8 or SPKI) or as a `KeyObject`. */
export type KeyInput = string | KeyObject

/** Why a note was not taken for a checkpoint. */
export type NoteFault = 'malformed' | 'wrong-key' | 'bad-signature'

const NOTE =
  /^([^\s+]{1,255})\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n— ([^\s+]{1,255}) ([A-Za-z0-9+/]{91}=)\n$/
const ED25519 = Buffer.from([0x0a, 0x01])

/**
 * The private key for signing.
 *
 * @throws when it is no Ed25519 private key; the message never holds the key
 */
export function privateKeyOf(key: KeyInput): KeyObject {
  const object = typeof key === 'string' ? createPrivateKey(key) : key
  if (object.type !== 'private' || object.asymmetricKeyType !== 'ed25519') throw notEd25519()
  return object
}

/**
 * The public key for verification; of a private key, its public half.
 *
 * @throws when it is no Ed25519 key; the message never holds the key
 */
export function publicKeyOf(key: KeyInput): KeyObject {
  const object = typeof key !== 'string' && key.type === 'public' ? key : createPublicKey(key)
  if (object.asymmetricKeyType !== 'ed25519') throw notEd25519()
  return object
}

function notEd25519(): TypeError {
  return new TypeError('The key is no Ed25519 key.')
}

/** Key ids tell apart keys of one name: the first 4 bytes of SHA-256(name || 0x0A || 0x01 || key) (C2SP signed-note). */
function keyIdOf(name: string, key: KeyObject): Buffer {
  const raw = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
  return hash('sha256', Buffer.concat([Buffer.from(name), ED25519, raw]), 'buffer').subarray(0, 4)
}

/** Signs heads of the trail `origin`: notes in the format of C2SP tlog-checkpoint. The key is prepared once. */
export function createSigner(origin: string, key: KeyInput): (size: number, root: Buffer) => string {
  const privateKey = privateKeyOf(key)
  const keyId = keyIdOf(origin, publicKeyOf(privateKey))
  return (size, root) => {
    const text = `${origin}\n${size}\n${root.toString('base64')}\n`
    const signature = Buffer.concat([keyId, sign(null, Buffer.from(text), privateKey)])
    return `${text}\n— ${origin} ${signature.toString('base64')}\n`
  }
}

/** Reads a signed note. Anything but exactly one good signature of `key` under the trail's own name is a fault. */
export function readCheckpoint(note: string, key: KeyObject): Checkpoint | NoteFault {
  const [, origin, size, root, name, signed] = NOTE.exec(note) ?? []
  if (origin === undefined || root === undefined || signed === undefined) return 'malformed'
  if (name !== origin || !Number.isSafeInteger(Number(size))) return 'malformed'
  const bytes = Buffer.from(signed, 'base64')
  // The last character has bits to spare, which a decoder overlooks: one byte could be changed unnoticed.
  if (bytes.toString('base64') !== signed) return 'malformed'
  if (!bytes.subarray(0, 4).equals(keyIdOf(origin, key))) return 'wrong-key'
  const text = note.slice(0, note.indexOf('\n\n') + 1)
  if (!verify(null, Buffer.from(text), key, bytes.subarray(4))) return 'bad-signature'
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') }
}
