/** What gates with a store in Redis or Valkey share. ioredis is loaded only when a connection is opened. */
export { connectFully, openConnection, reasonOf } from './connection.ts'
export type { RedisConnection, RedisInstance, RedisOptions, RedisSource } from './connection.ts'
export { describeSource, isExposed } from './describe-source.ts'
export { redisSource } from './option.ts'
export { RedisUnreachable } from './redis-unreachable.ts'
export { evaluate, evaluateBuffer, scriptOf } from './script.ts'
export type { Script } from './script.ts'
