import { sha256 } from './sha256.ts'

/** The hash of an entry: SHA-256(0x00 || entry), 32 bytes (RFC 6962, 2.1). */
export function leafHash(entry: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(entry.length + 1)
  input[0] = 0
  input.set(entry, 1)
  return sha256(input)
}
