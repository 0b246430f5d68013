import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { demandOf, isSymmetric, shortestSecret } from './algorithms.ts'
import type { Algorithm } from './algorithms.ts'

/** One key as an app gives it. Of `secret`, `privateKey` and `publicKey` it has exactly one. */
export interface TokenKey {
  /** Its name in the header of tokens (RFC 7515, section 4.1.4). */
  readonly kid: string
  readonly alg: Algorithm
  /** For HS256, HS384, HS512: at least as many random bytes as the hash has. A string counts in UTF-8. */
  readonly secret?: string | Uint8Array | undefined
  /** Signs, and verifies: PEM or a `KeyObject`. */
  readonly privateKey?: string | KeyObject | undefined
  /** Verifies alone: PEM or a `KeyObject`. */
  readonly publicKey?: string | KeyObject | undefined
}

/** A key that was checked. */
export interface CheckedKey {
  readonly kid: string
  readonly alg: Algorithm
  /** What it signs with, unless it verifies alone: PEM, or the bytes of a secret. */
  readonly signWith: string | Buffer | undefined
  readonly verifyWith: string | Buffer
  /** The public half, which may be published; `undefined` for a secret. */
  readonly publicKey: KeyObject | undefined
}

const LONGEST_KID = 128
const SHORTEST_MODULUS = 2048
/** Fewer different bytes than this in a secret are no random ones. */
const FEWEST_DIFFERENT = 12
const PLACEHOLDERS = [
  'changeme',
  'change-me',
  'change_me',
  'your-256-bit-secret',
  'secretsecret',
  'supersecret',
  'super-secret',
  'mysecret',
  'my-secret',
  'jwt-secret',
  'jwt_secret',
  'placeholder',
  'lorem',
]

/** What is wrong with a key, in words that hold nothing of it. */
export class KeyProblem extends Error {}

/** Why a secret looks as if nobody had chosen it. */
function guessable(secret: Buffer): string | undefined {
  if (new Set(secret).size < FEWEST_DIFFERENT)
    return `has fewer than ${FEWEST_DIFFERENT} different bytes, so it is not random`
  const text = secret.toString('latin1').toLowerCase()
  return PLACEHOLDERS.some((word) => text.includes(word)) ? 'looks like a placeholder' : undefined
}

/**
 * Checks a shared secret.
 *
 * @param shortest bytes
 * @throws KeyProblem for one that is too short or looks like a default
 */
export function checkSecret(secret: string | Uint8Array, shortest: number): Buffer {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : Buffer.from(secret)
  if (bytes.length < shortest)
    throw new KeyProblem(
      `has ${bytes.length} bytes, takes at least ${shortest}: random ones, such as node -p "crypto.randomBytes(${shortest}).toString('base64')" prints`,
    )
  if (bytes.toString('latin1').includes('-----BEGIN'))
    throw new KeyProblem('is a PEM key, which anybody may know: give it as privateKey or publicKey')
  const complaint = guessable(bytes)
  if (complaint !== undefined) throw new KeyProblem(`${complaint}: give random bytes`)
  return bytes
}

function readKey(given: string | KeyObject, kind: 'private' | 'public'): KeyObject {
  if (typeof given !== 'string') {
    if (given.type !== kind) throw new KeyProblem(`is a ${given.type} key where a ${kind} one goes`)
    return given
  }
  if (kind === 'public' && given.includes('PRIVATE KEY'))
    throw new KeyProblem('is a private key where a public one goes')
  try {
    return kind === 'private' ? createPrivateKey(given) : createPublicKey(given)
  } catch {
    throw new KeyProblem(`is no ${kind} key in PEM`)
  }
}

function checkType(key: KeyObject, alg: Algorithm): void {
  const { type, curve } = demandOf(alg)
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== type || (curve !== undefined && namedCurve !== curve))
    throw new KeyProblem(
      `is of type ${[key.asymmetricKeyType, namedCurve].filter(Boolean).join(' ')}, and ${alg} takes ${[type, curve].filter(Boolean).join(' ')}`,
    )
  if (type === 'rsa' && modulusLength < SHORTEST_MODULUS)
    throw new KeyProblem(`has ${modulusLength} bits, takes at least ${SHORTEST_MODULUS}`)
}

function pem(key: KeyObject): string {
  return key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString()
}

/**
 * Checks one key.
 *
 * @throws KeyProblem which says what is wrong and what it takes, and nothing of the key
 */
export function checkKey({ kid, alg, secret, privateKey, publicKey }: TokenKey): CheckedKey {
  if (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KID)
    throw new KeyProblem(`has no kid: a name of 1 to ${LONGEST_KID} characters`)
  if ([secret, privateKey, publicKey].filter((one) => one !== undefined).length !== 1)
    throw new KeyProblem('takes exactly one of secret, privateKey and publicKey')
  if (isSymmetric(alg)) {
    if (secret === undefined) throw new KeyProblem(`takes a secret, since it is for ${alg}`)
    const bytes = createSecretKey(checkSecret(secret, shortestSecret(alg))).export()
    return { kid, alg, signWith: bytes, verifyWith: bytes, publicKey: undefined }
  }
  if (secret !== undefined) throw new KeyProblem(`takes a privateKey or publicKey, since it is for ${alg}`)
  const own = privateKey === undefined ? undefined : readKey(privateKey, 'private')
  const open = own === undefined ? readKey(publicKey ?? '', 'public') : createPublicKey(own)
  checkType(open, alg)
  return { kid, alg, signWith: own && pem(own), verifyWith: pem(open), publicKey: open }
}
