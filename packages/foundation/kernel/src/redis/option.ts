import * as v from 'valibot'
import type { RedisSource } from './connection.ts'

/** Schema of a gate's `redis` option. */
export const redisSource: v.GenericSchema<RedisSource> = v.custom<RedisSource>(
  (value) => (typeof value === 'string' && value !== '') || (typeof value === 'object' && value !== null),
  'a redis:// or rediss:// URL, options of ioredis or a client of ioredis',
)
