import { maskInText, maskUnknown } from '@portcullis/classification'
import type { Classified } from '@portcullis/classification'
import type { Disclosure } from './disclosure.ts'

/** Shorter values are in too many words by chance. */
const SHORTEST = 3
/** More values than a form has fields are not looked for. */
const MOST_VALUES = 64
const MOST_DEPTH = 64

/** Values that came with a request under classified names, as they may stand in a text. */
export type SentValues = ReadonlyMap<string, Classified>

/** Collects what a request sent under classified names. */
export function sentValues(parts: readonly unknown[], to: Disclosure): SentValues {
  const sent = new Map<string, Classified>()
  const disclose = (classified: Classified, value: unknown): unknown => {
    const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    if (!isText || sent.size >= MOST_VALUES) return value
    const text = String(value)
    for (const one of [text, text.trim(), text.toLowerCase(), JSON.stringify(text).slice(1, -1)])
      if (one.length >= SHORTEST) sent.set(one, classified)
    return value
  }
  maskUnknown(parts, { name: (key, above) => to.named(key, above), disclose, json: true })
  // A value that holds another one goes first.
  return new Map([...sent].sort(([a], [b]) => b.length - a.length))
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    // Half of a pair of characters has no encoding.
    return text
  }
}

/** A text without what is personal in it: what the scanner finds of the classified kinds, and what the request sent. */
export function cleanText(text: string, sent: SentValues, to: Disclosure): string {
  let clean = text
  for (const [value, classified] of sent) {
    for (const form of new Set([value, encoded(value)])) {
      if (clean.includes(form)) clean = clean.replaceAll(form, () => to.inText(classified, value))
    }
  }
  return maskInText(clean, (infoType, found) => {
    const classified = to.kind(infoType)
    return classified === undefined ? found : to.inText(classified, found)
  })
}

/**
 * A copy of what an error answers, which is a masked copy itself, with every text in it cleaned. What is nested deeper
 * than 64 levels is left out.
 */
export function cleanTexts(answer: unknown, sent: SentValues, to: Disclosure, depth = 0): unknown {
  if (typeof answer === 'string') return cleanText(answer, sent, to)
  if (typeof answer === 'number') return sent.has(String(answer)) ? 0 : answer
  if (typeof answer !== 'object' || answer === null || answer instanceof Date) return answer
  if (depth > MOST_DEPTH) return null
  if (Array.isArray(answer)) return answer.map((one) => cleanTexts(one, sent, to, depth + 1))
  const copy = Object.entries(answer).map(([key, value]) => [
    cleanText(key, sent, to),
    cleanTexts(value, sent, to, depth + 1),
  ])
  return Object.fromEntries(copy) as unknown
}
