/** A kind of character that a rule of composition asks for. */
export type MissingCode = 'MISSING_UPPERCASE' | 'MISSING_LOWERCASE' | 'MISSING_DIGIT' | 'MISSING_SYMBOL'

const SYMBOLS = new Set('!@#$%^&*()-_=+[]{}|;:,.<>?')

/** The kinds of characters that the preset `guide` asks for and the text does not have. */
export function missingKinds(text: string): MissingCode[] {
  const kinds: readonly (readonly [MissingCode, boolean])[] = [
    ['MISSING_UPPERCASE', /\p{Lu}/u.test(text)],
    ['MISSING_LOWERCASE', /\p{Ll}/u.test(text)],
    ['MISSING_DIGIT', /\p{Nd}/u.test(text)],
    ['MISSING_SYMBOL', Array.from(text).some((character) => SYMBOLS.has(character))],
  ]
  return kinds.filter(([, has]) => !has).map(([code]) => code)
}
