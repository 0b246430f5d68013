import type { InfoType } from '../info-types.ts'
import { compile } from './automaton.ts'
import {
  AT,
  CLASS,
  CLASSES,
  DASH,
  DIGIT,
  DOT,
  LETTER,
  UNDERSCORE,
  VALUE,
  classAt,
  isWord,
} from './characters.ts'
import type { Units } from './characters.ts'
import type { Context } from './context.ts'
import { FORMATS } from './formats/all.ts'

/** One shape of one format. */
interface Shape {
  /** The number of its format. */
  readonly format: number
  readonly shape: string
  readonly isNamed: boolean
}

const SHAPES: readonly Shape[] = FORMATS.flatMap(({ alone = [], named = [] }, format) => [
  ...alone.map((shape) => ({ format, shape, isNamed: false })),
  ...named.map((shape) => ({ format, shape, isNamed: true })),
])
const {
  next: NEXT,
  accepted: ACCEPTED,
  firstAccepting: FIRST_ACCEPTING,
} = compile(SHAPES.map(({ shape }) => shape))

/** Longest prefix before a dash (`SSN-123-45-6789`) that is looked at. */
const LONGEST_LABEL = 24

function isHexLetter(text: Units, at: number): boolean {
  return (VALUE[text.charCodeAt(at)] ?? 0) < 16
}

/**
 * Whether what starts at a place is the rest of something larger: behind a dash, dot or underscore that stands behind a
 * digit, or behind letters that could be hexadecimal, as in UUIDs. `ssn-` and `user_ssn_` are labels.
 */
export function isGlued(text: Units, start: number): boolean {
  const sign = classAt(text, start - 1)
  if (isWord(sign)) return true
  if (sign !== DASH && sign !== DOT && sign !== UNDERSCORE) return false
  let at = start - 2
  if (!isWord(classAt(text, at))) return false
  for (; start - at < LONGEST_LABEL; at--) {
    const kind = classAt(text, at)
    if (kind === DIGIT) return true
    if (!isWord(kind)) return true
    if (kind !== LETTER || !isHexLetter(text, at)) return false
  }
  return true
}

/** Whether what ends before a place is not the beginning of something larger. */
export function endsWell(text: Units, end: number): boolean {
  const sign = classAt(text, end)
  if (isWord(sign) || sign === UNDERSCORE) return false
  const behind = classAt(text, end + 1)
  if (sign === AT) return !isWord(behind)
  if (sign === DOT) return behind !== DIGIT
  if (sign === DASH) return !isWord(behind) || (behind === LETTER && !isHexLetter(text, end + 1))
  return true
}

const LONGEST_SHAPE = 64
const values = new Uint8Array(LONGEST_SHAPE)
const ends = new Int32Array(LONGEST_SHAPE)
const states = new Int32Array(LONGEST_SHAPE)

/** Runs the automaton from a place and notes each place where a shape ends. Returns how many there are. */
function run(text: Units, start: number): number {
  const { length } = text
  let state = CLASSES
  let found = 0
  for (let at = start; at < length; at++) {
    state = NEXT[state + (CLASS[text.charCodeAt(at)] ?? 0)] ?? 0
    if (state < FIRST_ACCEPTING) {
      if (state === 0) break
    } else {
      ends[found] = at + 1
      states[found] = state
      found += 1
    }
  }
  return found
}

/** Notes the values of what stands between two places and returns how many there are. */
function readValues(text: Units, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at)
    const kind = CLASS[unit] ?? 0
    if (kind === DIGIT || kind === LETTER) values[count++] = VALUE[unit] ?? 0
  }
  return count
}

function hasSmall(text: Units, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 97 && unit <= 122) return true
  }
  return false
}

/** A number of a kind, and where it ends. */
export interface Match {
  readonly infoType: InfoType
  readonly end: number
}

/** The kind that shapes ending at one place are of: the one that was named last before it, else the first that may stand alone. */
function judge(
  shapes: readonly number[],
  count: number,
  start: number,
  context: Context,
  isSmall: boolean,
): InfoType | undefined {
  let best: InfoType | undefined
  let nearest = -1
  for (const index of shapes) {
    const shape = SHAPES[index]
    if (shape === undefined) continue
    const named = context.last(shape.format, start)
    // Without a word it has to stand alone, and be the first that does.
    const isCandidate = named > nearest || (nearest === -1 && best === undefined && !shape.isNamed)
    if (!isCandidate) continue
    const format = FORMATS[shape.format]
    if (format === undefined || format.check?.(values, count) === false) continue
    if (named < 0 && isSmall && format.anyCase !== true) continue
    best = format.infoType
    nearest = named
  }
  return best
}

/** The longest number of any format that starts at a place. */
export function matchFormat(text: Units, base: number, start: number, context: Context): Match | undefined {
  const found = run(text, start)
  if (found === 0) return undefined
  context.readTo(text, base, start)
  for (let index = found - 1; index >= 0; index--) {
    const end = ends[index] ?? 0
    if (!endsWell(text, end)) continue
    const shapes = ACCEPTED.get(states[index] ?? 0) ?? []
    const infoType = judge(
      shapes,
      readValues(text, start, end),
      base + start,
      context,
      hasSmall(text, start, end),
    )
    if (infoType !== undefined) return { infoType, end }
  }
  return undefined
}
