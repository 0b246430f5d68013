/** A longer key is no name that somebody chose. */
const LONGEST_KEY = 128
/** Words of a key that are looked at, from its end. */
const MOST_WORDS = 8

function isUpper(char: string): boolean {
  return char !== char.toLowerCase()
}

function isWordChar(char: string): boolean {
  return /[\p{L}\p{N}]/u.test(char)
}

/** A key without the blanks and signs at its end, behind which its name would be out of sight. */
function withoutTail(key: string): string {
  let end = key.length
  // Halves of a pair are kept: together they may be a letter.
  while (end > 0 && !/[\p{L}\p{N}\p{Cs}]/u.test(key[end - 1] ?? '')) end -= 1
  return key.slice(Math.max(0, end - LONGEST_KEY), end)
}

/**
 * The words of a key in lower case, whatever its spelling: `billingCreditCard`, `billing_credit-card`,
 * `BILLING_CREDIT_CARD` and `_billing.creditCard` all have the words billing, credit, card.
 */
export function wordsOf(key: string): readonly string[] {
  const chars = Array.from(withoutTail(key).normalize('NFKC'))
  const words: string[] = []
  let word = ''
  for (const [index, char] of chars.entries()) {
    const previous = chars[index - 1] ?? ''
    const next = chars[index + 1] ?? ''
    const startsWord =
      isUpper(char) && (!isUpper(previous) || (isWordChar(next) && !isUpper(next) && !/[0-9]/.test(next)))
    if (startsWord || !isWordChar(char)) {
      if (word !== '') words.push(word)
      word = ''
    }
    if (isWordChar(char)) word += char.toLowerCase()
  }
  if (word !== '') words.push(word)
  return words.slice(-MOST_WORDS)
}

function singular(word: string): string {
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word
}

/** Words without a number at their end: those of `password2` and `ssn_1` name what `password` and `ssn` do. */
function withoutNumber(words: readonly string[]): readonly string[] {
  const last = words.at(-1) ?? ''
  const rest = last.replace(/[0-9]{1,8}$/, '')
  return rest === '' ? words.slice(0, -1) : [...words.slice(0, -1), rest]
}

function readings(words: readonly string[]): readonly string[] {
  const last = words.at(-1) ?? ''
  return words.flatMap((_word, index) => {
    const joined = words.slice(index).join('')
    return last === singular(last) ? [joined] : [joined, words.slice(index, -1).join('') + singular(last)]
  })
}

/**
 * Every name that a key may stand for: its words joined, then without the first, and so on; the last in singular too;
 * then all of that without a number at the end.
 */
export function readingsOf(key: string): readonly string[] {
  const words = wordsOf(key)
  const named = withoutNumber(words)
  return words.at(-1) === named.at(-1) && words.length === named.length
    ? readings(words)
    : [...readings(words), ...readings(named)]
}
