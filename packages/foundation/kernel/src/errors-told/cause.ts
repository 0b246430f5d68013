/** What the log has of an error. */
export interface ToldCause {
  readonly type: string
  readonly code?: string
  /** Masked; there only where somebody masks it. */
  readonly message?: string
  /** Where it was thrown: the stack's lines without the message before them. */
  readonly at?: readonly string[]
  readonly cause?: ToldCause
}

const MOST_LINES = 20
const MOST_CAUSES = 5
const WORD = /^[\w.-]{1,100}$/

function frames(stack: unknown): string[] {
  if (typeof stack !== 'string') return []
  return stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, MOST_LINES)
}

/**
 * What may be logged of an error and its causes: type, code and where it was thrown. A message may hold SQL, values or a
 * connection string, so it is there only where `mask` makes it harmless.
 */
export function causeOf(error: unknown, mask?: (text: string) => string, depth = 0): ToldCause {
  if (!(error instanceof Error)) return { type: typeof error }
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  const at = frames(error.stack)
  return {
    type: error.constructor.name,
    ...(typeof code === 'string' && WORD.test(code) ? { code } : {}),
    ...(mask === undefined ? {} : { message: mask(error.message) }),
    ...(at.length === 0 ? {} : { at }),
    ...(cause === undefined || depth >= MOST_CAUSES ? {} : { cause: causeOf(cause, mask, depth + 1) }),
  }
}
