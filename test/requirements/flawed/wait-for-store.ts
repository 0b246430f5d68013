import type { Redis } from 'ioredis'

/** The flaw: nobody said what happens without the store, so every request waits for it as long as the client does. */
export async function waitForStore(redis: Redis, user: string, quota: number): Promise<boolean> {
  return (await redis.incr(`limit:${user}`)) <= quota
}
