import { sha256 } from './sha256.ts'

/** The hash of the empty tree: SHA-256 of nothing (RFC 6962, 2.1). */
export const EMPTY_ROOT: Buffer = sha256(Buffer.alloc(0))
