import { isSafePattern } from 'redos-detector'
import { InvalidSchemaError } from '../errors.ts'

/** Ways in which one text may be matched before the engine gives up; a bound, so matching stays linear. */
const MAX_SCORE = 200
/** Steps of the analysis: it is decided by counting, so that every machine decides alike. */
const MAX_STEPS = 3_000

const known = new Map<string, boolean>()

function isBounded(pattern: string): boolean {
  const { safe } = isSafePattern(pattern, {
    maxScore: MAX_SCORE,
    maxSteps: MAX_STEPS,
    timeout: Number.POSITIVE_INFINITY,
    unicode: true,
    downgradePattern: true,
  })
  return safe
}

/**
 * Refuses an expression that can backtrack without bound, or of which that cannot be ruled out.
 *
 * @throws PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA
 */
export function checkPattern(pattern: string, where: string): void {
  try {
    // What no engine takes is no question of time.
    void new RegExp(pattern, 'u')
  } catch {
    throw new InvalidSchemaError(
      `The expression at ${where} is none with the flag u (escapes that mean nothing are errors there): ${pattern}`,
    )
  }
  let bounded = known.get(pattern)
  if (bounded === undefined) known.set(pattern, (bounded = isBounded(pattern)))
  if (bounded) return
  throw new InvalidSchemaError(
    `The expression at ${where} can backtrack, so that some inputs take it very long: ${pattern}. Anchor it with ^ and $, let no two neighbouring parts match the same text, repeat no group that repeats something itself, or use a format.`,
  )
}
