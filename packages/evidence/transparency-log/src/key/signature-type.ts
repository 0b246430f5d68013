/**
 * What a key signs: `ed25519` whole notes, as a log does (C2SP signed-note), `cosignature` that a log has only grown, as
 * a witness does (C2SP tlog-cosignature, v1).
 */
export type SignatureType = 'ed25519' | 'cosignature'

/** The bytes that stand for the types in key ids and verifier keys. */
export const TYPE_BYTES: Readonly<Record<SignatureType, number>> = { ed25519: 0x01, cosignature: 0x04 }

/** The type that a byte stands for. */
export function typeOfByte(byte: number | undefined): SignatureType | undefined {
  if (byte === TYPE_BYTES.ed25519) return 'ed25519'
  return byte === TYPE_BYTES.cosignature ? 'cosignature' : undefined
}
