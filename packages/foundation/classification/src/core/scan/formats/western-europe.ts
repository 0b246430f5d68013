import { at, charOf, isOneOf, letter, luhn, mod1110, number, weighted } from '../checksums.ts'
import type { Values } from '../checksums.ts'
import type { Formats } from '../format.ts'

function isNino(values: Values): boolean {
  const prefix = charOf(at(values, 0)) + charOf(at(values, 1))
  const isPrefix =
    !/^[DFIQUV]|[DFIQUVO]$/.test(prefix) && !['BG', 'GB', 'NK', 'KN', 'TN', 'NT', 'ZZ'].includes(prefix)
  return isPrefix && isOneOf(at(values, 8), 'ABCD')
}

function isNhs(values: Values): boolean {
  const check = 11 - (weighted(values, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)
  return (check === 11 ? 0 : check) === at(values, 9) && number(values, 0, 10) > 0
}

function isUtr(values: Values): boolean {
  const rest = weighted(values, [6, 7, 8, 9, 10, 5, 4, 3, 2], 1) % 11
  return at(values, 0) === Number('21987654321'[rest])
}

function isNir(values: Values): boolean {
  const sex = at(values, 0)
  const month = number(values, 3, 5)
  const isMonth = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || (month >= 50 && month <= 99)
  if (sex === 0 || sex > 8 || sex === 5 || sex === 6 || !isMonth) return false
  // The departments of Corsica count as 19 and 18.
  const corsica = at(values, 6) - 10
  if (corsica >= 0 && (at(values, 5) !== 2 || corsica > 1)) return false
  const place = corsica >= 0 ? 19 - corsica : number(values, 5, 7)
  const body = (number(values, 0, 5) * 100 + place) * 1_000_000 + number(values, 7, 13)
  return 97 - (body % 97) === number(values, 13, 15)
}

/** One digit comes twice or three times among the first ten, all others at most once. */
function hasOneRepeated(values: Values): boolean {
  const times = Array.from({ length: 10 }, () => 0)
  for (let place = 0; place < 10; place++) times[at(values, place)] = (times[at(values, place)] ?? 0) + 1
  const repeated = times.filter((one) => one > 1)
  return repeated.length === 1 && (repeated[0] ?? 0) <= 3
}

const isDocument =
  (first: string) =>
  (values: Values): boolean => {
    for (let place = 0; place < 9; place++) if (isOneOf(at(values, place), 'ABDEIOQSU')) return false
    return (
      isOneOf(at(values, 0), first) &&
      at(values, 9) < 10 &&
      weighted(values, [7, 3, 1, 7, 3, 1, 7, 3, 1]) % 10 === at(values, 9)
    )
  }

function isBsn(values: Values): boolean {
  return number(values, 0, 9) > 0 && weighted(values, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0
}

function isBelgianCard(values: Values): boolean {
  const rest = number(values, 0, 10) % 97
  return (rest === 0 ? 97 : rest) === number(values, 10, 12)
}

function isPpsn(values: Values, count: number): boolean {
  // The second letter counts since 2013; those before were W, T and X.
  const isOf2013 = count === 9 && isOneOf(at(values, 8), 'ABCDEFGHI')
  if (count === 9 && !isOf2013 && !isOneOf(at(values, 8), 'WTX')) return false
  const second = isOf2013 ? at(values, 8) - 9 : 0
  const rest = (weighted(values, [8, 7, 6, 5, 4, 3, 2]) + second * 9) % 23
  return at(values, 7) === (rest === 0 ? letter('W') : rest + 9)
}

function isEan13(values: Values): boolean {
  const check = 10 - (weighted(values, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)
  return check % 10 === at(values, 12)
}

/** Numbers of the British Isles, France, Germany, the Low Countries and Switzerland. */
export const WESTERN_EUROPE: Formats = [
  {
    infoType: 'UK_NATIONAL_INSURANCE_NUMBER',
    source: 'HM Revenue & Customs, NIM39110: prefixes that are not used, suffix A to D',
    alone: ['A2d6A', 'A2 d2 d2 d2 A'],
    words: ['nino', 'insurance'],
    check: isNino,
  },
  {
    infoType: 'UK_NATIONAL_HEALTH_SERVICE_NUMBER',
    source: 'NHS Data Model and Dictionary, NHS NUMBER: modulus 11',
    named: ['d10', 'd3 d3 d4', 'd3-d3-d4'],
    words: ['nhs', 'patient'],
    check: isNhs,
  },
  {
    infoType: 'UK_TAXPAYER_REFERENCE',
    source: 'HM Revenue & Customs, specification of the UTR check digit (modulus 11)',
    named: ['d10', 'd5 d5'],
    words: ['utr', 'taxpayer', 'unique'],
    check: isUtr,
  },
  {
    infoType: 'FRANCE_NIR',
    source: 'INSEE, Répertoire national d’identification des personnes physiques: key 97',
    alone: ['d15', 'd5Xd9', 'd d2 d2 d2 d3 d3 d2', 'd d2 d2 dX d3 d3 d2', 'd13 d2'],
    words: ['nir', 'secu', 'vitale'],
    check: isNir,
  },
  {
    infoType: 'FRANCE_TAX_IDENTIFICATION_NUMBER',
    source: 'European Commission, TIN on Europa: France (numéro SPI, remainder by 511)',
    named: ['d13', 'd2 d2 d3 d3 d3'],
    words: ['spi', 'fiscal', 'nif', 'impots'],
    check: (values) => at(values, 0) <= 3 && number(values, 0, 10) % 511 === number(values, 10, 13),
  },
  {
    infoType: 'GERMANY_TAXPAYER_IDENTIFICATION_NUMBER',
    source: 'Bundeszentralamt für Steuern, § 139b AO: ISO/IEC 7064 mod 11,10',
    named: ['d11', 'd2 d3 d3 d3'],
    words: ['steuer', 'steuerid', 'idnr', 'tin', 'identifikationsnummer', 'steueridentifikationsnummer'],
    check: (values) => at(values, 0) > 0 && hasOneRepeated(values) && mod1110(values, 11),
  },
  {
    infoType: 'GERMANY_IDENTITY_CARD_NUMBER',
    source: 'Bundesministerium des Innern, Personalausweis: serial number, weights 7-3-1 (ICAO 9303)',
    named: ['X9d'],
    words: ['personalausweis', 'ausweis', 'ausweisnummer', 'perso'],
    check: isDocument('LMNPRTVWXY'),
  },
  {
    infoType: 'GERMANY_PASSPORT',
    source: 'Passverordnung and ICAO 9303-3: serial number, weights 7-3-1',
    named: ['X9d'],
    words: ['passport', 'reisepass', 'passnummer', 'pass'],
    check: isDocument('CFGHJK'),
  },
  {
    infoType: 'NETHERLANDS_BSN_NUMBER',
    source: 'Rijksdienst voor Identiteitsgegevens, Logisch Ontwerp BSN: elfproef',
    named: ['d9', 'd4.d2.d3', 'd4 d2 d3'],
    words: ['bsn', 'burgerservicenummer', 'sofi', 'sofinummer'],
    check: isBsn,
  },
  {
    infoType: 'BELGIUM_NATIONAL_ID_CARD_NUMBER',
    source: 'Fedict, Belgian electronic identity card: card number modulo 97',
    named: ['d12', 'd3-d7-d2'],
    words: ['identiteitskaart', 'eid', 'carte', 'kaartnummer'],
    check: isBelgianCard,
  },
  {
    infoType: 'IRELAND_PPSN',
    source: 'Department of Social Protection, PPS number: modulus 23',
    named: ['d7A', 'd7A2'],
    words: ['pps', 'ppsn', 'psp'],
    check: isPpsn,
  },
  {
    infoType: 'SWITZERLAND_SOCIAL_SECURITY_NUMBER',
    source: 'Zentrale Ausgleichsstelle, AHVN13: country code 756, check digit of EAN-13',
    alone: ['d3.d4.d4.d2'],
    named: ['d13', 'd3 d4 d4 d2'],
    words: ['ahv', 'avs', 'ahvn'],
    check: (values) => number(values, 0, 3) === 756 && isEan13(values),
  },
  {
    infoType: 'IMEI_HARDWARE_ID',
    source: '3GPP TS 23.003, annex B: Luhn check digit of the IMEI',
    named: ['d15', 'd2-d6-d6-d', 'd6-d2-d6-d', 'd2 d6 d6 d'],
    words: ['imei', 'handset'],
    check: (values) => luhn(values, 15) && number(values, 0, 15) > 0,
  },
  {
    infoType: 'ICCID_NUMBER',
    source: 'ITU-T E.118: major industry 89, Luhn check digit',
    named: ['d19', 'd20'],
    words: ['iccid', 'sim', 'simcard'],
    check: (values, count) => number(values, 0, 2) === 89 && luhn(values, count),
  },
]
