import { DatabaseLimitExceededError, DatabaseLimitInvalidError } from '../errors.ts'

const SECOND = 1_000

/** Seconds until all limits let it pass again; `undefined` where waiting does not help or nobody can tell. */
function secondsUntil(limits: unknown): number | undefined {
  if (!Array.isArray(limits) || limits.length === 0) return undefined
  const waits = limits.map((one: unknown) => (one as { retryAfterMs?: unknown } | null)?.retryAfterMs)
  if (!waits.every((wait) => typeof wait === 'number' && Number.isFinite(wait))) return undefined
  return Math.max(1, Math.ceil(Math.max(...waits.map(Number)) / SECOND))
}

/**
 * Goes on where a limit says yes: `allowed: true` and nothing that is like it.
 *
 * @throws DATABASE_LIMIT_EXCEEDED with `Retry-After` where waiting helps; DATABASE_LIMIT_INVALID for what is no decision
 */
export function obeyDecision(decision: unknown): void {
  const { allowed, limits } = (decision ?? {}) as { allowed?: unknown; limits?: unknown }
  if (allowed === true) return
  if (allowed !== false) throw new DatabaseLimitInvalidError()
  const seconds = secondsUntil(limits)
  const headers = seconds === undefined ? {} : { headers: { 'retry-after': String(seconds) } }
  throw Object.assign(new DatabaseLimitExceededError(), headers)
}
