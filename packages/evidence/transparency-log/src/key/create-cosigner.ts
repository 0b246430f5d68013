import { sign } from 'node:crypto'
import { cosignedMessage } from './cosigned-message.ts'
import { createVerifier } from './create-verifier.ts'
import { privateKeyOf } from './key-object.ts'
import type { KeyInput } from './key-object.ts'
import type { Signer } from './signer.ts'

/**
 * Signs as a witness does (C2SP tlog-cosignature, v1): a time in seconds, and with it the text. Use it through
 * {@link cosignCheckpoint}, which looks first whether the log has only grown.
 *
 * @param name the witness's name. One key must not serve under two
 * @param key an Ed25519 private key in PEM or as a `KeyObject`, used for nothing else
 * @param now milliseconds since 1970. Default: `Date.now`
 * @throws {@link TransparencyLogError} INVALID_KEY
 */
export function createCosigner(name: string, key: KeyInput, now: () => number = Date.now): Signer {
  const privateKey = privateKeyOf(key)
  return {
    verifier: createVerifier(name, privateKey, 'cosignature'),
    sign(text) {
      const seconds = Math.floor(now() / 1000)
      const time = Buffer.alloc(8)
      time.writeBigUInt64BE(BigInt(seconds))
      return Buffer.concat([time, sign(null, cosignedMessage(seconds, text), privateKey)])
    },
  }
}
