import type { InfoType } from '../info-types.ts'
import {
  AT,
  CLASS,
  COLON,
  DASH,
  DIGIT,
  DOT,
  LETTER,
  OPEN,
  OTHER,
  PLUS,
  SPACE,
  WIDE_LETTER,
  classAt,
  isWord,
} from './characters.ts'
import type { Units } from './characters.ts'
import { Context, PHONE, WINDOW } from './context.ts'
import { endOfDomain, LONGEST_LOCAL, startOfLocal } from './email.ts'
import { findIban } from './iban.ts'
import { findIp4, readHexRun } from './ip.ts'
import { endsWell, isGlued, matchFormat } from './match.ts'
import { findInternational, findNational } from './phone.ts'
import {
  endOfPrivateKey,
  endOfToken,
  LONGEST_SECRET,
  mayBeSecret,
  readSecret,
  readUserInfo,
} from './secrets.ts'
import type { TokenRun } from './secrets.ts'

/** Something personal in a text: from `start` to before `end`. */
export interface Found {
  readonly infoType: InfoType
  readonly start: number
  readonly end: number
}

/** No decision at a place needs more of the text behind it, so that a stream holds back no more. */
export const LOOK_AHEAD = LONGEST_SECRET + 256
/** No finding starts further before the place at which it is found. */
export const HOLD = LONGEST_LOCAL + 8
/** No decision at a place needs more of the text before it: words before the start of a finding, and what it is glued to. */
export const LOOK_BEHIND = HOLD + WINDOW + 64

const CODE_OF_SMALL_A = 97

/** Bits of the classes at which something may begin or turn out to have begun, beside letters. */
const SIGNALS = (1 << DIGIT) | (1 << AT) | (1 << PLUS) | (1 << OPEN) | (1 << COLON) | (1 << DASH)

/**
 * Whether a word of letters alone may begin or be a number: the code of a bank, in capitals; a part before a dash or dot. Most
 * words are not asked further.
 */
function mayBeNumber(first: number, size: number, next: number): boolean {
  if (size <= 2) return next === DASH
  return size === 4 ? next === DOT : (size === 8 || size === 11) && first < CODE_OF_SMALL_A
}

/**
 * Finds personal values in a text that may come in pieces. Each place is decided by what stands at most
 * {@link LOOK_AHEAD} behind and {@link LOOK_BEHIND} before it, so that it does not matter how the text was cut.
 */
export class Scanner {
  /** Where in all text the piece begins. */
  base = 0
  /** The next place of the piece that is not decided. */
  at = 0
  readonly #report: (found: Found) => void
  readonly #context = new Context()
  /** Where the last finding ends; all these places count from the start of all text. */
  #end = 0
  /** Where the word began that the scanner is in, or -1. */
  #word = -1
  /** Whether the rest of a word is passed over. */
  #skips = false
  /** Up to where a run of hexadecimal digits, or of a token, was read in vain. */
  #hexRead = 0
  #tokenRead = 0
  /** The kind of a secret that is longer than is read at once. */
  #running: InfoType | undefined

  /** @param report is told each finding, in order; none overlaps another */
  constructor(report: (found: Found) => void) {
    this.#report = report
  }

  /** Decides a piece up to before a place. */
  scan(text: Units, stop: number): void {
    while (this.at < stop) {
      if (this.#running !== undefined) this.#goOn(text, this.#running)
      else if (this.#skips) this.#skip(text, stop)
      else if (this.#word !== -1) this.#readWord(text, stop)
      else this.#pass(text, stop)
    }
  }

  /** Passes over what says nothing: signs, and words of letters alone that begin no known token. The hot path. */
  #pass(text: Units, stop: number): void {
    const { length } = text
    const last = Math.min(stop, length - 1)
    let at = this.at
    while (at < last && !this.#skips) {
      const unit = text.charCodeAt(at)
      let kind = CLASS[unit] ?? 0
      if (kind !== LETTER && kind !== WIDE_LETTER) {
        if (kind === DIGIT) at = this.#readNumber(text, at, stop)
        else if ((SIGNALS >> kind) & 1) break
        else at += 1
        continue
      }
      const start = at
      let second = text.charCodeAt(at + 1)
      if (mayBeSecret(unit, second)) break
      do {
        at += 1
        kind = CLASS[second] ?? 0
        if (at >= last) break
        second = text.charCodeAt(at + 1)
      } while (kind === LETTER || kind === WIDE_LETTER)
      const size = at - start
      // What ends the word, or this piece, or may be the code of a bank, is looked at with the word.
      if (at >= last || kind === DIGIT || mayBeNumber(unit, size, kind)) {
        at = start
        break
      }
    }
    this.at = at
    if (at < stop && !this.#skips) this.#look(text, stop)
  }

  #found(infoType: InfoType, start: number, end: number): void {
    this.#end = this.base + end
    this.at = end
    this.#word = -1
    this.#report({ infoType, start: this.base + start, end: this.base + end })
  }

  #goOn(text: Units, infoType: InfoType): void {
    const start = this.at
    const end = endOfToken(text, start)
    if (end - start < LONGEST_SECRET) this.#running = undefined
    if (end > start) this.#found(infoType, start, end)
  }

  #skip(text: Units, stop: number): void {
    let at = this.at
    while (at < stop && isWord(CLASS[text.charCodeAt(at)] ?? 0)) at += 1
    this.at = at
    if (at < stop) this.#skips = false
  }

  #look(text: Units, stop: number): void {
    const kind = CLASS[text.charCodeAt(this.at)] ?? 0
    if (kind === LETTER || kind === WIDE_LETTER) this.#readWord(text, stop)
    else if (kind === DIGIT) this.at = this.#readNumber(text, this.at, stop)
    else if (kind < AT && kind !== DASH && kind !== PLUS && kind !== OPEN) this.at += 1
    else this.#readSign(text, kind)
  }

  /** Passes over letters; a digit among them makes it a candidate, and so does the beginning of a known token. */
  #readWord(text: Units, stop: number): void {
    let at = this.at
    if (this.#word === -1) {
      this.#word = this.base + at
      const second = at + 1 < text.length ? text.charCodeAt(at + 1) : 0
      const mayBe = mayBeSecret(text.charCodeAt(at), second) && this.base + at >= this.#tokenRead
      if (mayBe && this.#take(readSecret(text, at))) return
    }
    let kind = OTHER
    for (; at < stop; at++) {
      kind = CLASS[text.charCodeAt(at)] ?? 0
      if (kind !== LETTER && kind !== WIDE_LETTER) break
    }
    this.at = at
    // The word may go on in the next piece.
    if (at >= stop && stop < text.length) return
    if (at >= stop) kind = OTHER
    const start = this.#word - this.base
    this.#word = -1
    if (kind === DIGIT) {
      this.#skips = true
      this.#tryAt(text, start)
      return
    }
    if (mayBeNumber(text.charCodeAt(start), at - start, kind)) this.#tryAt(text, start)
  }

  /** How far before a number two or three letters of it begin, which stand apart; 0 where none do. */
  #prefix(text: Units, start: number): number {
    if (classAt(text, start - 2) !== LETTER || classAt(text, start - 3) !== LETTER) return 0
    const size = classAt(text, start - 4) === LETTER ? 4 : 3
    return isWord(classAt(text, start - size - 1)) || this.base + start - size < this.#end ? 0 : size
  }

  /** Reads the word that begins with a digit at a place and returns where to go on. */
  #readNumber(text: Units, start: number, stop: number): number {
    // Some numbers begin with two letters of their own.
    const hasPrefix = classAt(text, start - 1) === SPACE ? this.#prefix(text, start) : 0
    if (hasPrefix > 0 && this.#tryAt(text, start - hasPrefix)) return this.at
    if (this.#tryAt(text, start)) return this.at
    let at = start + 1
    while (at < stop && isWord(CLASS[text.charCodeAt(at)] ?? 0)) at += 1
    if (at >= stop) this.#skips = true
    return at
  }

  /** Whether a number, address or account starts at a place. */
  #tryAt(text: Units, start: number): boolean {
    if (isGlued(text, start)) return false
    const match = matchFormat(text, this.base, start, this.#context)
    if (match !== undefined) return this.#accept(match.infoType, start, match.end)
    if (classAt(text, start) === LETTER) {
      const account = findIban(text, start)
      return account > 0 && this.#accept('IBAN_CODE', start, account)
    }
    const address = findIp4(text, start)
    if (address > 0) return this.#accept('IP_ADDRESS', start, address)
    this.#context.readTo(text, this.base, start)
    // What a plus stands before is a number with its country, or none.
    if (this.#context.last(PHONE, this.base + start) < 0 || classAt(text, start - 1) === PLUS) return false
    const phone = findNational(text, start)
    return phone > 0 && endsWell(text, phone) && this.#accept('PHONE_NUMBER', start, phone)
  }

  #accept(infoType: InfoType, start: number, end: number): true {
    this.#skips = false
    this.#found(infoType, start, end)
    return true
  }

  /** Takes what was read as a secret. What was read in vain is not read again from each of its words. */
  #take({ end, secret }: TokenRun): boolean {
    if (secret === undefined) {
      this.#tokenRead = Math.max(this.#tokenRead, this.base + end)
      return false
    }
    this.#found(secret.infoType, secret.start, secret.end)
    if (secret.end - secret.start >= LONGEST_SECRET) this.#running = secret.infoType
    return true
  }

  #readSign(text: Units, kind: number): void {
    const at = this.at
    this.at = at + 1
    if (kind === AT) this.#readAddress(text, at)
    else if (kind === PLUS || kind === OPEN) this.#readPhone(text, at, kind)
    else if (kind === COLON) this.#readColon(text, at)
    else if (kind === DASH && classAt(text, at + 1) === DASH) {
      const end = endOfPrivateKey(text, at)
      if (end > 0) this.#found('ENCRYPTION_KEY', at, end)
    }
  }

  #readAddress(text: Units, at: number): void {
    const start = startOfLocal(text, at, Math.max(0, this.#end - this.base))
    if (start === -1) return
    const end = endOfDomain(text, at)
    if (end > 0) this.#found('EMAIL_ADDRESS', start, end)
  }

  #readPhone(text: Units, at: number, kind: number): void {
    const next = classAt(text, at + 1)
    if (kind === PLUS && (next === DIGIT || next === OPEN)) {
      const end = findInternational(text, at)
      if (end > 0 && endsWell(text, end)) this.#found('PHONE_NUMBER', at, end)
    } else if (kind === OPEN && next === DIGIT) this.#tryAt(text, at)
  }

  #readColon(text: Units, at: number): void {
    if (classAt(text, at + 1) === CLASS['/'.charCodeAt(0)]) {
      const { secret } = readUserInfo(text, at)
      if (secret !== undefined) this.#found(secret.infoType, secret.start, secret.end)
      return
    }
    if (this.base + at < this.#hexRead) return
    const { start, end, kind } = readHexRun(text, at, Math.max(0, this.#end - this.base))
    if (kind !== undefined && !(kind === 'IP_ADDRESS' && classAt(text, start - 1) === DOT))
      this.#found(kind, start, end)
    else this.#hexRead = this.base + end
  }
}
