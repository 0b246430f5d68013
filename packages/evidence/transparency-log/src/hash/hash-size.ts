/** Bytes of a hash: SHA-256, the only one that C2SP tlog-tiles knows. */
export const HASH_SIZE = 32
