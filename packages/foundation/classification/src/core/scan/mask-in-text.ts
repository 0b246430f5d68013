import type { InfoType } from '../info-types.ts'
import { findNumbers, isDigit, isLetter } from './find-numbers.ts'
import type { Found } from './find-numbers.ts'
import { findAtWord, findEmail } from './find-words.ts'

/** The next finding at a place of a text, and from where to go on. */
function lookAt(text: string, at: number, from: number): { found: readonly Found[]; next: number } {
  const char = text[at]
  if (char === '@') {
    const email = findEmail(text, at, from)
    return { found: email === undefined ? [] : [email], next: email?.end ?? at + 1 }
  }
  const startsWord = !isLetter(text[at - 1]) && !isDigit(text[at - 1])
  if (startsWord && isDigit(char)) {
    const { found, end } = findNumbers(text, at)
    return { found, next: end }
  }
  const { found, next } = startsWord && isLetter(char) ? findAtWord(text, at) : { next: at + 1 }
  return { found: found === undefined ? [] : [found], next }
}

/**
 * Finds mail addresses, card numbers (with their check digit), social security numbers in three groups, IBANs (with
 * their check digits), phone numbers with `+` and signed tokens in a text. Takes time linear in it.
 */
export function findInText(text: string): readonly Found[] {
  const all: Found[] = []
  for (let at = 0; at < text.length;) {
    const { found, next } = lookAt(text, at, all.at(-1)?.end ?? 0)
    for (const one of found) {
      // The first part of an address may look like a number: the address is the larger finding.
      while ((all.at(-1)?.end ?? 0) > one.start) all.pop()
      all.push(one)
    }
    at = next
  }
  return all
}

/**
 * A text with what {@link findInText} finds replaced.
 *
 * @param replace what stands for a finding; the text itself leaves it as it is
 */
export function maskInText(text: string, replace: (infoType: InfoType, found: string) => string): string {
  let end = 0
  let masked = ''
  for (const one of findInText(text)) {
    masked += text.slice(end, one.start) + replace(one.infoType, text.slice(one.start, one.end))
    end = one.end
  }
  return end === 0 ? text : masked + text.slice(end)
}
