/** Redis did not answer when a store was connected, or its client is not installed. Names the place, no credentials. */
export class RedisUnreachable extends Error {
  readonly code = 'PORTCULLIS_KERNEL_REDIS_UNREACHABLE'
  override readonly name = 'RedisUnreachable'
}
