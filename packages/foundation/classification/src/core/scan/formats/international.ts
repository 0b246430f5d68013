import { at, charOf, luhn, number } from '../checksums.ts'
import type { Values } from '../checksums.ts'
import type { Formats } from '../format.ts'
import { isBirthDate } from './dates.ts'

/** Whether a number has an issuer that has numbers of its length, and its check digit. */
function isCard(values: Values, count: number): boolean {
  const [two, three, four] = [number(values, 0, 2), number(values, 0, 3), number(values, 0, 4)]
  let isIssued = false
  // Visa
  if (at(values, 0) === 4) isIssued = count === 13 || count === 16 || count === 19
  // Mastercard
  else if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) isIssued = count === 16
  // American Express
  else if (two === 34 || two === 37) isIssued = count === 15
  // Diners Club
  else if ((three >= 300 && three <= 305) || three === 309 || two === 36 || two === 38 || two === 39)
    isIssued = count === 14 || count === 16 || count === 19
  // JCB
  else if (four >= 3528 && four <= 3589) isIssued = count >= 16
  // Mir
  else if (four >= 2200 && four <= 2204) isIssued = count >= 16
  // Discover, UnionPay, RuPay
  else if (two === 60 || two === 62 || two === 64 || two === 65 || two === 81 || two === 82)
    isIssued = count >= 16
  // Maestro
  else if (two === 50 || (two >= 56 && two <= 69)) isIssued = count >= 13 && count !== 14
  return isIssued && luhn(values, count)
}

/** ISO 3166-1 alpha-2, and XK, which banks of Kosovo use. */
const COUNTRIES =
  'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC ' +
  'CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD ' +
  'GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH ' +
  'KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW ' +
  'MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC ' +
  'SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY ' +
  'UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW'
const IS_COUNTRY: ReadonlySet<string> = new Set(COUNTRIES.split(' '))

function isBic(values: Values): boolean {
  return IS_COUNTRY.has(charOf(at(values, 4)) + charOf(at(values, 5)))
}

function isHex(values: Values, count: number): boolean {
  let all = 0
  for (let place = 0; place < count; place++) {
    if (at(values, place) > 15) return false
    all = Math.max(all, at(values, place))
  }
  return all > 0
}

function isNanp(values: Values, count: number): boolean {
  const from = count - 10
  return (from === 0 || at(values, 0) === 1) && at(values, from) >= 2 && at(values, from + 3) >= 2
}

/** Dates as they are written in most places, years last or first. */
const DATES = ['-', '/', '.', ' '].flatMap((sign) => [
  `d4${sign}d2${sign}d2`,
  `d2${sign}d2${sign}d4`,
  `d${sign}d2${sign}d4`,
  `d2${sign}d${sign}d4`,
  `d${sign}d${sign}d4`,
])

const lengths = (from: number, to: number, sign = 'd'): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${sign}${from + index}`)

/** Numbers that belong to no country. */
export const INTERNATIONAL: Formats = [
  {
    infoType: 'CREDIT_CARD_NUMBER',
    source: 'ISO/IEC 7812-1: issuer identification number and Luhn check digit',
    alone: [
      'd14',
      'd15',
      'd16',
      ...[' ', '-', '.'].flatMap((sign) => [
        `d4${sign}d4${sign}d4${sign}d4`,
        `d4${sign}d6${sign}d5`,
        `d4${sign}d6${sign}d4`,
        `d4${sign}d4${sign}d4${sign}d4${sign}d3`,
        `d6${sign}d10`,
        `d8${sign}d8`,
        `d6${sign}d13`,
      ]),
    ],
    named: ['d13', 'd17', 'd18', 'd19'],
    words: [
      'card',
      'cards',
      'credit',
      'debit',
      'visa',
      'mastercard',
      'maestro',
      'pan',
      'karte',
      'carte',
      'tarjeta',
    ],
    check: isCard,
  },
  {
    infoType: 'DATE_OF_BIRTH',
    source: 'ISO 8601-1 calendar dates, and the common orders of day and month',
    named: [...DATES, 'd8'],
    words: [
      'born',
      'dob',
      'birth',
      'birthdate',
      'birthday',
      'geboren',
      'geburtsdatum',
      'naissance',
      'nacimiento',
      'nascita',
      'nascimento',
    ],
    check: isBirthDate,
  },
  {
    infoType: 'PHONE_NUMBER',
    source: 'North American Numbering Plan Administration: area code and exchange from 2 to 9',
    alone: ['(d3) d3-d4', '(d3)d3-d4', '(d3) d3 d4', 'd3-d3-d4', 'd3.d3.d4', 'd-d3-d3-d4'],
    check: isNanp,
  },
  {
    infoType: 'MAC_ADDRESS',
    source: 'IEEE 802-2014, 8.1: canonical form in pairs of hexadecimal digits',
    alone: ['X2-X2-X2-X2-X2-X2', 'X4.X4.X4'],
    anyCase: true,
    words: ['mac'],
    check: isHex,
  },
  {
    infoType: 'SWIFT_CODE',
    source: 'ISO 9362: business identifier code, country in the fifth and sixth place',
    named: ['A6X2', 'A6X5'],
    words: ['swift', 'bic'],
    check: isBic,
  },
  {
    infoType: 'PASSPORT',
    source: 'ICAO 9303-4 and the issuers’ own forms: up to nine letters and digits',
    named: ['d9', 'd8', 'd7', 'Ad7', 'Ad8', 'A2d7', 'A2d6', 'd2A2d5', 'A3d6'],
    words: ['passport', 'passports', 'passeport', 'reisepass', 'pasaporte', 'passaporto', 'paspoort'],
  },
  {
    infoType: 'CVV_NUMBER',
    source: 'PCI DSS glossary: card verification code, three or four digits',
    named: ['d3', 'd4'],
    words: ['cvv', 'cvc', 'csc'],
  },
  {
    infoType: 'FINANCIAL_ACCOUNT_NUMBER',
    source: 'ISO 20022 BBAN: domestic account numbers without a check that all share',
    named: lengths(6, 17),
    words: ['account', 'acct', 'konto', 'kontonummer', 'compte', 'cuenta'],
  },
  {
    infoType: 'MEDICAL_RECORD_NUMBER',
    source: 'HL7 v2.5.1, table 0203 (MR): numbers that each institution gives',
    named: lengths(5, 10),
    words: ['mrn', 'medical', 'patient'],
  },
]
