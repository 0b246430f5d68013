import { canonical } from './canonical.ts'

/** Most words of one call, and most code units of each that are looked at: as long as an email address may be. */
const MOST_WORDS = 32
const LONGEST_WORD = 320
/** Pieces below are in every sentence; longer ones are cut, and found one piece after the other. */
const [SHORTEST_PIECE, LONGEST_PIECE] = [3, 32]
const NOT_IN_WORDS = /[^\p{L}\p{N}\p{M}]+/u

/** What context words have in common with a password: their pieces, forwards and backwards. */
export interface ContextWords {
  has(piece: string): boolean
  /** The lengths of pieces that there are, longest first. */
  readonly lengths: readonly number[]
}

function piecesOf(word: string): string[] {
  // Before folding, which makes letters of the signs that words are taken apart at.
  return word
    .split(NOT_IN_WORDS)
    .map(canonical)
    .flatMap((part) => {
      const pieces: string[] = []
      for (let at = 0; at < part.length; at += LONGEST_PIECE) pieces.push(part.slice(at, at + LONGEST_PIECE))
      return pieces
    })
    .filter((piece) => piece.length >= SHORTEST_PIECE)
}

/**
 * Takes words apart into what may be found in a password: `ada@example.com` is `ada`, `example` and `com`.
 *
 * @param words only the first 32, and of each the first 320 code units, are looked at
 */
export function contextWords(words: readonly string[]): ContextWords {
  const pieces = new Set<string>()
  for (const word of words.slice(0, MOST_WORDS)) {
    for (const piece of piecesOf(word.slice(0, LONGEST_WORD).toWellFormed())) {
      pieces.add(piece)
      pieces.add(Array.from(piece).toReversed().join(''))
    }
  }
  const lengths = [...new Set([...pieces].map((piece) => piece.length))].toSorted((a, b) => b - a)
  return { has: (piece) => pieces.has(piece), lengths }
}

/**
 * Whether less than `enough` of a password is its own: what is left of it when each place is given to the longest piece
 * that begins there. A long passphrase may therefore name its owner, and a short one may not consist of the name.
 *
 * Ends as soon as enough is left, so at most (length / 3 + enough) × 30 look-ups of pieces.
 *
 * @param text in canonical form
 * @param enough code units
 */
export function isMostlyContext(text: string, words: ContextWords, enough: number): boolean {
  let own = 0
  let at = 0
  let found = false
  while (at < text.length) {
    const length = words.lengths.find((one) => words.has(text.slice(at, at + one)))
    if (length === undefined) {
      own++
      at++
      if (own >= enough) return false
    } else {
      found = true
      at += length
    }
  }
  return found
}
