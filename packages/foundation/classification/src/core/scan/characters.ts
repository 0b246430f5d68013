/** What a unit of a text is to the scanner. Digits and letters come first: only they have a value. */
export const OTHER = 0
export const DIGIT = 1
/** A letter of ASCII, or its full-width twin. */
export const LETTER = 2
/** A letter of another script that writes words apart, or with an accent. */
export const WIDE_LETTER = 3
export const SPACE = 4
export const DASH = 5
export const DOT = 6
export const SLASH = 7
export const OPEN = 8
export const CLOSE = 9
export const PLUS = 10
export const AT = 11
export const COLON = 12
export const UNDERSCORE = 13
/** How many classes there are, rounded to a power of two: the width of a row of the automaton. */
export const CLASSES = 16

/** Where each decimal script of the basic plane (Unicode category Nd) has its zero; nine digits follow. */
const ZEROS = [
  0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50,
  0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
  0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
]

const UNITS = 0x10000
/** From here on, scripts without blanks between words and signs: what stands among them stands alone. */
const FIRST_UNSPACED = 0x2000

/** The class of each unit. */
export const CLASS = new Uint8Array(UNITS)
/** What each digit and ASCII letter counts: A is 10, as ISO 13616 and most check digits have it. */
export const VALUE = new Uint8Array(UNITS)

function fill(classes: Uint8Array, values: Uint8Array): void {
  for (let unit = 0x80; unit < FIRST_UNSPACED; unit++) {
    const char = String.fromCharCode(unit)
    if (unit > 0x24f || char.toLowerCase() !== char.toUpperCase()) classes[unit] = WIDE_LETTER
  }
  for (const zero of ZEROS)
    for (let digit = 0; digit < 10; digit++) {
      classes[zero + digit] = DIGIT
      values[zero + digit] = digit
    }
  for (const first of [0x41, 0x61, 0xff21, 0xff41])
    for (let letter = 0; letter < 26; letter++) {
      classes[first + letter] = LETTER
      values[first + letter] = 10 + letter
    }
  const signs: readonly (readonly [number, string])[] = [
    [SPACE, ' \t\u00A0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F\u205F\u3000'],
    [DASH, '-\u2010\u2011\u2012\u2013\u2014\u2212\uFE63\uFF0D'],
    [DOT, '.\uFF0E'],
    [SLASH, '/\uFF0F'],
    [OPEN, '(\uFF08'],
    [CLOSE, ')\uFF09'],
    [PLUS, '+\uFF0B'],
    [AT, '@\uFF20'],
    [COLON, ':\uFF1A'],
    [UNDERSCORE, '_'],
  ]
  for (const [kind, chars] of signs) for (const char of chars) classes[char.charCodeAt(0)] = kind
}

fill(CLASS, VALUE)

/** Units of a text, which is all that the scanner asks of it. */
export interface Units {
  readonly length: number
  charCodeAt(index: number): number
}

/** The class of a unit at a place; outside of the text {@link OTHER}. */
export function classAt(text: Units, at: number): number {
  return at >= 0 && at < text.length ? (CLASS[text.charCodeAt(at)] ?? OTHER) : OTHER
}

/** Whether a class is a digit or a letter of any script. */
export function isWord(kind: number): boolean {
  return kind >= DIGIT && kind <= WIDE_LETTER
}

/** A text with the digits of every script, and full-width forms, as ASCII. */
export function foldDigits(text: string): string {
  let folded = ''
  let done = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80 || CLASS[unit] !== DIGIT) continue
    folded += text.slice(done, at) + String(VALUE[unit])
    done = at + 1
  }
  return done === 0 ? text : folded + text.slice(done)
}
