import type { InfoType } from '../info-types.ts'
import type { Values } from './checksums.ts'

/** How numbers of a kind are written, and what else has to hold for one to be of it. */
export interface Format {
  readonly infoType: InfoType
  /** The public documentation of the format. */
  readonly source: string
  /**
   * Shapes that are found wherever they stand. `d` is a digit, `A` a letter, `X` either; a number behind one repeats it;
   * all other signs stand for themselves.
   */
  readonly alone?: readonly string[]
  /** Shapes that are found behind one of {@link words} only, since too much else is written so. */
  readonly named?: readonly string[]
  /** Whether letters may be small where no word names the kind. Default: no, since hashes have small letters. */
  readonly anyCase?: boolean
  /** Words that name the kind in a text, in lower case without accents, each without blanks. */
  readonly words?: readonly string[]
  /** Whether the values can be a number of the kind: check digits, ranges, dates. */
  readonly check?: (values: Values, count: number) => boolean
}

/** A format of which nothing is checked beyond its shape. */
export type Formats = readonly Format[]
