/** A longer key is no name that somebody chose. */
const LONGEST_KEY = 128
/** Words of a key that are looked at, from its end. */
const MOST_WORDS = 8

function isUpper(char: string): boolean {
  return char !== char.toLowerCase()
}

function isWordChar(char: string): boolean {
  return (char >= '0' && char <= '9') || char.toLowerCase() !== char.toUpperCase()
}

/**
 * The words of a key in lower case, whatever its spelling: `billingCreditCard`, `billing_credit-card`,
 * `BILLING_CREDIT_CARD` and `_billing.creditCard` all have the words billing, credit, card.
 */
export function wordsOf(key: string): readonly string[] {
  const chars = Array.from(key.slice(-LONGEST_KEY).normalize('NFKC'))
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

/** Every name that a key may stand for: its words joined, then without the first, and so on; the last in singular too. */
export function readingsOf(key: string): readonly string[] {
  const words = wordsOf(key)
  const last = words.at(-1) ?? ''
  return words.flatMap((_word, index) => {
    const joined = words.slice(index).join('')
    return last === singular(last) ? [joined] : [joined, words.slice(index, -1).join('') + singular(last)]
  })
}
