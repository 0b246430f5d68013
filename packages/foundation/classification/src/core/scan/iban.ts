import { CLASS, DIGIT, LETTER, SPACE, VALUE, classAt, isWord } from './characters.ts'
import type { Units } from './characters.ts'

/** How long an account number is by its country: the SWIFT registry of ISO 13616, and those that banks use besides. */
const LENGTHS =
  'AD24 AE23 AL28 AO25 AT20 AX18 AZ28 BA20 BE16 BF28 BG22 BH22 BI27 BJ28 BL27 BR29 BY28 CF27 CG27 CH21 ' +
  'CI28 CM27 CR22 CV25 CY28 CZ24 DE22 DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GA27 GB22 ' +
  'GE22 GF27 GI23 GL18 GP27 GQ27 GR27 GT28 GW25 HN28 HR21 HU28 IE22 IL23 IQ23 IR26 IS26 IT27 JO30 KM27 ' +
  'KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MA28 MC27 MD24 ME22 MF27 MG27 MK19 ML28 MN20 MQ27 MR27 ' +
  'MT31 MU30 MZ25 NC27 NE28 NI28 NL18 NO15 OM23 PF27 PK24 PL28 PM27 PS29 PT25 QA29 RE27 RO24 RS22 RU33 ' +
  'SA24 SC31 SD18 SE24 SI19 SK24 SM27 SN28 SO23 ST25 SV28 TD27 TF27 TG28 TL23 TN24 TR26 UA29 VA22 VG24 ' +
  'WF27 XK20 YE30 YT27'

/** Lengths by the values of both letters. */
const LENGTH = new Uint8Array(36 * 36)
for (const one of LENGTHS.split(' '))
  LENGTH[(one.charCodeAt(0) - 55) * 36 + one.charCodeAt(1) - 55] = Number(one.slice(2))

/** The lengths that are known, by country: for tests and tables. */
export function ibanLengths(): ReadonlyMap<string, number> {
  return new Map(LENGTHS.split(' ').map((one) => [one.slice(0, 2), Number(one.slice(2))]))
}

function valueAt(text: Units, at: number): number {
  return VALUE[text.charCodeAt(at)] ?? 0
}

/** The remainder by 97 (ISO 7064, mod 97-10) with one more character behind. */
function append(rest: number, value: number): number {
  return (rest * (value > 9 ? 100 : 10) + value) % 97
}

/**
 * The end of an IBAN that starts at a place, in one piece or in groups of four, or 0. Reads no further than the length that
 * its country has.
 */
export function findIban(text: Units, start: number): number {
  const isHead =
    classAt(text, start) === LETTER &&
    classAt(text, start + 1) === LETTER &&
    classAt(text, start + 2) === DIGIT &&
    classAt(text, start + 3) === DIGIT
  if (!isHead) return 0
  const length = LENGTH[valueAt(text, start) * 36 + valueAt(text, start + 1)] ?? 0
  let rest = 0
  let at = start + 4
  for (let read = 4; read < length; read++, at++) {
    if (read % 4 === 0 && classAt(text, at) === SPACE) at += 1
    if (at >= text.length) return 0
    const unit = text.charCodeAt(at)
    const kind = CLASS[unit] ?? 0
    if (kind !== DIGIT && kind !== LETTER) return 0
    rest = append(rest, VALUE[unit] ?? 0)
  }
  // Country and check digits stand behind the rest when the remainder is taken.
  for (let place = 0; place < 4; place++) rest = append(rest, valueAt(text, start + place))
  return length > 0 && rest === 1 && !isWord(classAt(text, at)) ? at : 0
}
