import type { InfoType } from './info-types.ts'
import { HIDDEN, maskText } from './masks.ts'
import { maskInText } from './scan/find-in-text.ts'
import type { WalkRules } from './walk.ts'

/** Stands for what is beyond a bound. */
export const TRUNCATED = '[Truncated]'

/** A longer text is not looked at, and so not shown. */
const LONGEST_TEXT = 1_000_000
/** JSON in a text in JSON in a text, and no further: more is shown as hidden. */
const MOST_TEXTS = 3

/** What opens something, wherever it stands. */
const SECRETS: ReadonlySet<InfoType> = new Set<InfoType>([
  'AUTH_TOKEN',
  'AWS_CREDENTIALS',
  'BASIC_AUTH_HEADER',
  'ENCRYPTION_KEY',
  'GCP_API_KEY',
  'PASSWORD',
])

/** A text without the secrets that tell by their form what they are. One of more than a million characters is not shown. */
export function maskPlainText(text: string): string {
  if (text.length > LONGEST_TEXT) return TRUNCATED
  return maskInText(text, maskText, { only: SECRETS })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/**
 * A text that is a JSON object or array with its value masked, in its own spelling where nothing in it is hidden;
 * `undefined` where it is none.
 */
export function maskJsonText(
  text: string,
  depth: number,
  mask: (value: unknown) => unknown,
): string | undefined {
  const first = text.trimStart()[0]
  if (first !== '{' && first !== '[') return undefined
  if (text.length > LONGEST_TEXT) return TRUNCATED
  const value = parsed(text)
  if (typeof value !== 'object' || value === null) return undefined
  if (depth >= MOST_TEXTS) return HIDDEN
  try {
    const masked = JSON.stringify(mask(value))
    return masked === JSON.stringify(value) ? text : masked
  } catch {
    // Deeper than can be written.
    return TRUNCATED
  }
}

/** The text of a URL without its user and password, and with what is classified in its query hidden. */
export function maskUrlText(url: URL, rules: Pick<WalkRules, 'name' | 'disclose'>): string {
  const copy = new URL(url.href)
  if (copy.username !== '') copy.username = HIDDEN
  if (copy.password !== '') copy.password = HIDDEN
  for (const [key, value] of new URLSearchParams(copy.search)) {
    const classified = rules.name(key)
    const shown = classified === undefined ? maskPlainText(value) : rules.disclose(classified, value)
    if (shown !== value) copy.searchParams.set(key, typeof shown === 'string' ? shown : HIDDEN)
  }
  copy.hash = maskPlainText(copy.hash)
  return copy.href
}
