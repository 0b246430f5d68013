import { createHash } from 'node:crypto'
import type { RedisConnection } from './connection.ts'

/** A Lua script and the name Redis caches it under. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/** Names a script. */
export function scriptOf(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/** Calls a script by its name, and once more with its text where the server does not know it (a restart, a flush). */
async function call(byName: () => Promise<unknown>, byText: () => Promise<unknown>): Promise<unknown> {
  try {
    return await byName()
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return byText()
  }
}

/** Runs a script. */
export async function evaluate(
  connection: RedisConnection,
  { sha, source }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const rest = [keys.length, ...keys, ...args] as const
  return call(
    () => connection.evalsha(sha, ...rest),
    () => connection.eval(source, ...rest),
  )
}

/** Runs a script that packs what it answers: strings of the reply are buffers. */
export async function evaluateBuffer(
  connection: RedisConnection,
  { sha, source }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const rest = [keys.length, ...keys, ...args] as const
  return call(
    () => connection.evalshaBuffer(sha, ...rest),
    () => connection.evalBuffer(source, ...rest),
  )
}
