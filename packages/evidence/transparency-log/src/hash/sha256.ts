import { hash } from 'node:crypto'

/** SHA-256 of the bytes as a string with one character for each byte (Latin-1). */
export function sha256Text(bytes: Uint8Array): string {
  // A string costs a quarter of what a Buffer does, which matters where millions of small inputs are hashed.
  return hash('sha256', bytes, 'binary')
}

/** SHA-256 of the bytes. */
export function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(sha256Text(bytes), 'latin1')
}
