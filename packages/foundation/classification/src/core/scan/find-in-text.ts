import type { InfoType } from '../info-types.ts'
import { HOLD, LOOK_AHEAD, LOOK_BEHIND, Scanner } from './scanner.ts'
import type { Found } from './scanner.ts'

/** What stands for a finding; the text itself leaves it as it is. */
export type Replace = (infoType: InfoType, found: string) => string

/** What is searched for. */
export interface ScanOptions {
  /** Kinds that are reported; others are left as if they were not found. Default: all. */
  readonly only?: ReadonlySet<InfoType> | undefined
}

/**
 * Finds personal values and secrets in a text: what tells by its form or check digits what it is, and what does so where a
 * word before it names it. See the README for the kinds. Takes time linear in the text; reads each character a bounded
 * number of times.
 *
 * @returns what was found, in order; none overlaps another
 */
export function findInText(text: string, { only }: ScanOptions = {}): readonly Found[] {
  const all: Found[] = []
  const scanner = new Scanner((found) => {
    if (only === undefined || only.has(found.infoType)) all.push(found)
  })
  scanner.scan(text, text.length)
  return all
}

/** A text with what {@link findInText} finds replaced. */
export function maskInText(text: string, replace: Replace, options?: ScanOptions): string {
  let end = 0
  let masked = ''
  for (const one of findInText(text, options)) {
    masked += text.slice(end, one.start) + replace(one.infoType, text.slice(one.start, one.end))
    end = one.end
  }
  return end === 0 ? text : masked + text.slice(end)
}

/** Masks a text that comes in pieces. */
export interface TextMasker {
  /** Takes the next piece and returns what is decided of all so far, masked: up to some 8,500 characters are held back. */
  push(piece: string): string
  /** Returns the rest, masked. Nothing may be pushed behind it. */
  end(): string
}

/**
 * Creates a masker for a text that comes in pieces: what it returns, put together, is what {@link maskInText} makes of the
 * whole, wherever the text was cut. Holds a bounded part of the text.
 */
export function createTextMasker(replace: Replace, { only }: ScanOptions = {}): TextMasker {
  let waiting: string[] = []
  let size = 0
  /** What is kept of the text, which begins at `scanner.base`. */
  let kept = ''
  /** Up to where the text was returned, from the start of all of it. */
  let returned = 0
  let masked = ''
  const scanner = new Scanner(({ infoType, start, end }) => {
    if (only !== undefined && !only.has(infoType)) return
    const { base } = scanner
    masked +=
      kept.slice(returned - base, start - base) + replace(infoType, kept.slice(start - base, end - base))
    returned = end
  })

  function take(isLast: boolean): string {
    kept += waiting.join('')
    waiting = []
    size = 0
    scanner.scan(kept, isLast ? kept.length : kept.length - LOOK_AHEAD)
    const decided = isLast ? scanner.base + kept.length : Math.max(returned, scanner.base + scanner.at - HOLD)
    const result = masked + kept.slice(returned - scanner.base, decided - scanner.base)
    masked = ''
    returned = decided
    const drop = Math.max(0, scanner.at - LOOK_BEHIND)
    kept = kept.slice(drop)
    scanner.base += drop
    scanner.at -= drop
    return result
  }

  return {
    push(piece) {
      waiting.push(piece)
      size += piece.length
      // Small pieces wait for each other, so that the kept part is not copied for each.
      return size >= LOOK_AHEAD ? take(false) : ''
    },
    end: () => take(true),
  }
}
