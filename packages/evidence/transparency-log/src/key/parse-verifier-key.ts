import { createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { TransparencyLogError } from '../errors.ts'
import { strictBase64 } from '../note/strict-base64.ts'
import { createVerifier } from './create-verifier.ts'
import { typeOfByte } from './signature-type.ts'
import type { Verifier } from './verifier.ts'

const VERIFIER_KEY = /^([^+]{1,1024})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,64})$/

function invalid(): TransparencyLogError {
  return new TransparencyLogError(
    'INVALID_KEY',
    'This is no verifier key: it takes name+id+key, as formatVerifierKey writes it, of an Ed25519 log or witness.',
  )
}

/** The key of 32 bytes (RFC 8032). Bytes that are no point of the curve make one that verifies nothing. */
function importKey(raw: Buffer): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
    format: 'jwk',
  })
}

/**
 * Reads what {@link formatVerifierKey} writes.
 *
 * @throws {@link TransparencyLogError} INVALID_KEY when it is anything else, its id is not that of the key, or it is of a
 * type other than Ed25519 and cosignature/v1
 */
export function parseVerifierKey(text: string): Verifier {
  const [, name, keyId, encoded] = VERIFIER_KEY.exec(text) ?? []
  const bytes = encoded === undefined ? undefined : strictBase64(encoded)
  const type = typeOfByte(bytes?.[0])
  if (name === undefined || bytes?.length !== 33 || type === undefined) throw invalid()
  const verifier = createVerifier(name, importKey(bytes.subarray(1)), type)
  if (verifier.keyId !== keyId) throw invalid()
  return verifier
}
