import { canonical } from './canonical.ts'
import { missingKinds } from './composition.ts'
import type { MissingCode } from './composition.ts'
import { isMostlyContext } from './context.ts'
import type { ContextWords } from './context.ts'
import type { PrefixSet } from './prefix-set.ts'
import { repeatedLength } from './repetition.ts'
import { countCodePoints } from './text.ts'
import type { TextProblem } from './text.ts'

/** Why a password may not be chosen. */
export type ReasonCode =
  | TextProblem
  | 'TOO_SHORT'
  | 'COMMON'
  | 'REPETITIVE'
  | 'CONTEXT'
  | 'BREACHED'
  | MissingCode

/** One reason why a password may not be chosen, for the person who chose it. */
export interface Reason {
  readonly code: ReasonCode
  /** In English. Never a part of the password. */
  readonly message: string
}

/** What a password is judged by. */
export interface Rules {
  /** Code points. */
  readonly minLength: number
  readonly composition: boolean
  readonly common: Pick<PrefixSet, 'has'> | undefined
  readonly words: ContextWords
}

const MESSAGES: Readonly<Record<Exclude<ReasonCode, 'TOO_SHORT' | 'TOO_LONG'>, string>> = {
  INVALID_TEXT: 'The password has characters that no keyboard types.',
  COMMON: 'Too many people use this password.',
  REPETITIVE: 'The password repeats itself.',
  CONTEXT: 'The password is made of your name, your address or the name of this service.',
  BREACHED: 'This password is known from a data breach.',
  MISSING_UPPERCASE: 'The password has no upper-case letter.',
  MISSING_LOWERCASE: 'The password has no lower-case letter.',
  MISSING_DIGIT: 'The password has no digit.',
  MISSING_SYMBOL: 'The password has none of the symbols ! @ # $ % ^ & * ( ) - _ = + [ ] { } | ; : , . < > ?',
}

/** A reason in words. @param limit characters or bytes, where the reason is a length */
export function reason(code: ReasonCode, limit = 0): Reason {
  if (code === 'TOO_SHORT') return { code, message: `The password has fewer than ${limit} characters.` }
  if (code === 'TOO_LONG') return { code, message: `The password has more than ${limit} bytes.` }
  return { code, message: MESSAGES[code] }
}

/**
 * Judges a password by itself: everything but whether it is known from a breach. Linear in its length.
 *
 * @param text well-formed and of bounded size, as `readText` answers it
 * @returns every reason against it
 */
export function judge(text: string, { minLength, composition, common, words }: Rules): Reason[] {
  const reasons: Reason[] = []
  const folded = canonical(text)
  if (countCodePoints(text) < minLength) reasons.push(reason('TOO_SHORT', minLength))
  if (common?.has(folded) === true) reasons.push(reason('COMMON'))
  const repeated = repeatedLength(folded)
  if (repeated < folded.length && repeated < minLength) reasons.push(reason('REPETITIVE'))
  if (isMostlyContext(folded, words, minLength)) reasons.push(reason('CONTEXT'))
  if (composition) reasons.push(...missingKinds(text).map((code) => reason(code)))
  return reasons
}
