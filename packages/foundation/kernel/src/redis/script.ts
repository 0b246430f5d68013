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

/** Runs a script by its name, and once more with its text where the server does not know it (a restart, a flush). */
export async function evaluate(
  connection: RedisConnection,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await connection.evalsha(script.sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!isUnknownScript(error)) throw error
    return connection.eval(script.source, keys.length, ...keys, ...args)
  }
}

/** As {@link evaluate}, for scripts that pack what they answer: strings of the reply are buffers. */
export async function evaluateBuffer(
  connection: RedisConnection,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await connection.evalshaBuffer(script.sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!isUnknownScript(error)) throw error
    return connection.evalBuffer(script.source, keys.length, ...keys, ...args)
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
