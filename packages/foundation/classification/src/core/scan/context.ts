import { CLASS, LETTER, WIDE_LETTER } from './characters.ts'
import type { Units } from './characters.ts'
import { FORMATS } from './formats/all.ts'

/** Units before a candidate in which a word may name it. */
export const WINDOW = 64

/** The number that stands for phone numbers, which have no one shape, among the formats. */
export const PHONE = FORMATS.length
const PHONE_WORDS = [
  'phone',
  'phones',
  'tel',
  'telephone',
  'mobile',
  'cell',
  'cellphone',
  'fax',
  'sms',
  'whatsapp',
  'telefon',
  'telefono',
  'telefone',
  'telefax',
  'handy',
  'portable',
  'movil',
  'celular',
  'mobil',
  'telefoon',
  'puhelin',
]

const SEED = 17
const FACTOR = 31

/** Letters with accents as those without, so that words are written once; the rest as they are. */
const PLAIN = new Uint16Array(0x250)
for (let unit = 0; unit < PLAIN.length; unit++) {
  const base = String.fromCharCode(unit).normalize('NFD').toLowerCase()
  PLAIN[unit] = 'øđłıß'.includes(base) ? 'odlis'.charCodeAt('øđłıß'.indexOf(base)) : base.charCodeAt(0)
}

function mix(hash: number, unit: number): number {
  return (Math.imul(hash, FACTOR) + (unit < PLAIN.length ? (PLAIN[unit] ?? unit) : unit)) | 0
}

function hashOf(word: string): number {
  let hash = SEED
  for (let at = 0; at < word.length; at++) hash = mix(hash, word.charCodeAt(at))
  return hash
}

/** What each word names, by its hash. Two words with one hash would name more than they should, and hide too much. */
const NAMES = new Map<number, readonly number[]>()
for (const [index, words] of [...FORMATS.map((format) => format.words ?? []), PHONE_WORDS].entries())
  for (const word of words) NAMES.set(hashOf(word), [...(NAMES.get(hashOf(word)) ?? []), index])

/** A capital behind a small letter begins a word: `dateOfBirth`. */
function beginsWord(unit: number, before: number): boolean {
  return unit >= 65 && unit <= 90 && before >= 97 && before <= 122
}

/**
 * Remembers where in a text each kind was last named. Reads what stands before candidates, and that once, however many
 * candidates there are.
 */
export class Context {
  #seen: Float64Array | undefined
  #read = 0

  /** Where a kind was last named within the window before a place, or -1. Places count from the start of all text. */
  last(index: number, place: number): number {
    const seen = this.#seen?.[index] ?? -1
    return seen >= place - WINDOW ? seen : -1
  }

  /** Reads up to a place of a text that begins at `base`. */
  readTo(text: Units, base: number, to: number): void {
    let at = Math.max(this.#read - base, to - WINDOW, 0)
    if (base + to <= this.#read) return
    this.#read = base + to
    while (at < to) {
      const kind = CLASS[text.charCodeAt(at)] ?? 0
      if (kind !== LETTER && kind !== WIDE_LETTER) {
        at += 1
        continue
      }
      at = this.#readWord(text, base, at, to)
    }
  }

  #readWord(text: Units, base: number, start: number, to: number): number {
    let hash = SEED
    let before = 0
    let at = start
    for (; at < to; at++) {
      const unit = text.charCodeAt(at)
      const kind = CLASS[unit] ?? 0
      if ((kind !== LETTER && kind !== WIDE_LETTER) || beginsWord(unit, before)) break
      hash = mix(hash, unit)
      before = unit
    }
    const named = NAMES.get(hash)
    if (named !== undefined) {
      this.#seen ??= new Float64Array(PHONE + 1).fill(-1)
      for (const index of named) this.#seen[index] = base + start
    }
    return at
  }
}
