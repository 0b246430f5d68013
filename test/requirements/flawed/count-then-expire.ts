import type { Redis } from 'ioredis'

/** One user's quota in a window that opens with the first request. */
export interface UserLimit {
  readonly quota: number
  readonly windowMs: number
}

/**
 * The flaw: counting and expiring are two steps, and a window that begins anew admits a whole quota at once.
 *
 * @param between what happens between the two steps, such as the end of the process
 */
export async function countThenExpire(
  redis: Redis,
  user: string,
  { quota, windowMs }: UserLimit,
  between: () => void = () => undefined,
): Promise<boolean> {
  const key = `rate_limit:user:${user}`
  const count = await redis.incr(key)
  between()
  if (count === 1) await redis.pexpire(key, windowMs)
  return count <= quota
}
