import { at, charOf, isOneOf, isUniform, number, verhoeff, weighted } from '../checksums.ts'
import type { Values } from '../checksums.ts'
import type { Formats } from '../format.ts'
import { isYear, isYmd } from './dates.ts'

function isMedicare(values: Values): boolean {
  const isFirst = at(values, 0) >= 2 && at(values, 0) <= 6
  return isFirst && weighted(values, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === at(values, 8)
}

function isAbn(values: Values): boolean {
  const sum = weighted(values, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10
  return at(values, 0) > 0 && sum % 89 === 0
}

function isIrd(values: Values, count: number): boolean {
  const all = number(values, 0, count)
  if (all < 10_000_000 || all > 200_000_000) return false
  const digits = Uint8Array.from(String(all).padStart(9, '0'), Number)
  const check = (weights: readonly number[]): number => (11 - (weighted(digits, weights) % 11)) % 11
  const first = check([3, 2, 7, 6, 5, 4, 3, 2])
  return (first === 10 ? check([7, 4, 3, 2, 5, 2, 7, 6]) : first) === at(digits, 8)
}

const NHI_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'

function isNhi(values: Values): boolean {
  let sum = 0
  for (let place = 0; place < 6; place++) {
    const value = at(values, place)
    const counts = value < 10 ? value : NHI_LETTERS.indexOf(charOf(value)) + 1
    if (value >= 10 && counts === 0) return false
    sum += counts * (7 - place)
  }
  const rest = sum % 11
  return rest !== 0 && (11 - rest) % 10 === at(values, 6)
}

function isGstin(values: Values): boolean {
  const state = number(values, 0, 2)
  let sum = 0
  for (let place = 0; place < 14; place++) {
    const product = at(values, place) * (place % 2 === 0 ? 1 : 2)
    sum += Math.floor(product / 36) + (product % 36)
  }
  const isState = (state >= 1 && state <= 38) || state === 97
  return isState && at(values, 12) > 0 && (36 - (sum % 36)) % 36 === at(values, 14)
}

function isNric(values: Values): boolean {
  const lead = charOf(at(values, 0))
  const sum = weighted(values, [2, 7, 6, 5, 4, 3, 2], 1)
  const last = charOf(at(values, 8))
  if (lead === 'S') return 'JZIHGFEDCBA'[sum % 11] === last
  if (lead === 'T') return 'JZIHGFEDCBA'[(sum + 4) % 11] === last
  if (lead === 'F') return 'XWUTRQPNMLK'[sum % 11] === last
  if (lead === 'G') return 'XWUTRQPNMLK'[(sum + 4) % 11] === last
  return lead === 'M' && 'XWUTRQPNJLK'[(sum + 3) % 11] === last
}

function isHkid(values: Values, count: number): boolean {
  const from = count - 7
  let sum = from === 2 ? at(values, 0) * 9 + at(values, 1) * 8 : 36 * 9 + at(values, 0) * 8
  for (let place = 0; place < 6; place++) sum += at(values, from + place) * (7 - place)
  const check = at(values, count - 1)
  return check <= 10 && (sum + check) % 11 === 0
}

function isResident(values: Values): boolean {
  const isBorn = isYear(number(values, 6, 10)) && isYmd(values, 8)
  const sum = weighted(values, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
  return at(values, 0) > 0 && isBorn && '10X98765432'[sum % 11] === charOf(at(values, 17))
}

function isRrn(values: Values): boolean {
  const check = 11 - (weighted(values, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)
  return isYmd(values, 0) && number(values, 7, 9) <= 96 && check % 10 === at(values, 12)
}

function isMyNumber(values: Values): boolean {
  const rest = weighted(values, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
  return (rest <= 1 ? 0 : 11 - rest) === at(values, 11) && !isUniform(values, 12)
}

function isThai(values: Values): boolean {
  const sum = weighted(values, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
  return at(values, 0) > 0 && (11 - (sum % 11)) % 10 === at(values, 12)
}

/** Numbers of Australia, New Zealand and Asia. */
export const ASIA_PACIFIC: Formats = [
  {
    infoType: 'AUSTRALIA_TAX_FILE_NUMBER',
    source: 'Australian Taxation Office, TFN algorithm: weights 1-4-3-7-5-8-6-9-10, modulus 11',
    named: ['d9', 'd3 d3 d3', 'd3-d3-d3'],
    words: ['tfn'],
    check: (values) => number(values, 0, 9) > 0 && weighted(values, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
  },
  {
    infoType: 'AUSTRALIA_MEDICARE_NUMBER',
    source: 'Services Australia, METeOR 270101: Medicare card number, weights 1-3-7-9',
    named: ['d10', 'd4 d5 d', 'd4-d5-d'],
    words: ['medicare'],
    check: isMedicare,
  },
  {
    infoType: 'AU_ABN',
    source: 'Australian Business Register, "Format of the ABN": modulus 89',
    named: ['d11', 'd2 d3 d3 d3'],
    words: ['abn'],
    check: isAbn,
  },
  {
    infoType: 'AU_ACN',
    source: 'Australian Securities & Investments Commission, ACN check digit: weights 8 to 1',
    named: ['d9', 'd3 d3 d3'],
    words: ['acn'],
    check: (values) =>
      number(values, 0, 9) > 0 &&
      (10 - (weighted(values, [8, 7, 6, 5, 4, 3, 2, 1]) % 10)) % 10 === at(values, 8),
  },
  {
    infoType: 'NEW_ZEALAND_IRD_NUMBER',
    source: 'Inland Revenue, resident withholding tax specification: IRD number validation, modulus 11',
    named: ['d8', 'd9', 'd2-d3-d3', 'd3-d3-d3'],
    words: ['ird'],
    check: isIrd,
  },
  {
    infoType: 'NEW_ZEALAND_NHI_NUMBER',
    source: 'HISO 10046 Consumer Health Identity Standard: NHI number, modulus 11',
    named: ['A3d4'],
    words: ['nhi'],
    check: isNhi,
  },
  {
    infoType: 'INDIA_AADHAAR_INDIVIDUAL',
    source: 'UIDAI, Aadhaar numbering scheme: Verhoeff check digit',
    alone: ['d4 d4 d4'],
    named: ['d12', 'd4-d4-d4'],
    words: ['aadhaar', 'aadhar', 'uidai'],
    check: (values) => at(values, 0) >= 2 && !isUniform(values, 12) && verhoeff(values, 12),
  },
  {
    infoType: 'INDIA_PAN_INDIVIDUAL',
    source: 'Income Tax Department of India, structure of the PAN: kind of holder in the fourth place',
    alone: ['A5d4A'],
    words: ['pan'],
    check: (values) => isOneOf(at(values, 3), 'ABCFGHJLPT') && number(values, 5, 9) > 0,
  },
  {
    infoType: 'INDIA_GST_INDIVIDUAL',
    source: 'Goods and Services Tax Network, structure of the GSTIN: check character modulus 36',
    alone: ['d2A5d4AXAX'],
    words: ['gst', 'gstin'],
    check: isGstin,
  },
  {
    infoType: 'SINGAPORE_NATIONAL_REGISTRATION_ID_NUMBER',
    source: 'Immigration & Checkpoints Authority, NRIC and FIN: check letters by series',
    alone: ['Ad7A'],
    words: ['nric', 'fin'],
    check: isNric,
  },
  {
    infoType: 'HONG_KONG_ID_NUMBER',
    source: 'Immigration Department, Hong Kong identity card: modulus 11',
    alone: ['Ad6(X)', 'A2d6(X)'],
    named: ['Ad6X', 'A2d6X'],
    words: ['hkid', 'identity'],
    check: isHkid,
  },
  {
    infoType: 'CHINA_RESIDENT_ID_NUMBER',
    source: 'GB 11643-1999: ISO/IEC 7064 mod 11-2',
    alone: ['d17X'],
    words: ['shenfenzheng', 'resident'],
    check: isResident,
  },
  {
    infoType: 'KOREA_RRN',
    source: 'Resident Registration Act, enforcement rules: check digit of numbers before October 2020',
    alone: ['d6-d7'],
    named: ['d13'],
    words: ['rrn', 'resident'],
    check: isRrn,
  },
  {
    infoType: 'JAPAN_INDIVIDUAL_NUMBER',
    source: 'Ministry of Internal Affairs and Communications, Ordinance 85 of 2014, article 5: check digit',
    named: ['d12', 'd4 d4 d4', 'd4-d4-d4'],
    words: ['mynumber', 'kojin', 'individual'],
    check: isMyNumber,
  },
  {
    infoType: 'THAILAND_NATIONAL_ID_NUMBER',
    source: 'Department of Provincial Administration, 13-digit identification number: modulus 11',
    alone: ['d-d4-d5-d2-d'],
    named: ['d13'],
    words: ['thai', 'citizen'],
    check: isThai,
  },
]
