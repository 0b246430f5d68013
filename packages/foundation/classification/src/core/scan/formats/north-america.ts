import { at, isOneOf, luhn, number, weighted } from '../checksums.ts'
import type { Values } from '../checksums.ts'
import type { Formats } from '../format.ts'
import { isDay } from '../checksums.ts'

function isSsn(values: Values): boolean {
  const area = number(values, 0, 3)
  return area > 0 && area !== 666 && area < 900 && number(values, 3, 5) > 0 && number(values, 5, 9) > 0
}

function isItin(values: Values): boolean {
  const group = number(values, 3, 5)
  if (at(values, 0) !== 9) return false
  return (group >= 50 && group <= 65) || (group >= 70 && group <= 99 && group !== 89 && group !== 93)
}

/** Prefixes that the IRS gives to none of its campuses. */
const NO_CAMPUS: ReadonlySet<number> = new Set([
  0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97,
])

function isRouting(values: Values): boolean {
  const district = number(values, 0, 2)
  const isDistrict =
    district <= 12 ||
    (district >= 21 && district <= 32) ||
    (district >= 61 && district <= 72) ||
    district === 80
  return isDistrict && weighted(values, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0 && number(values, 0, 9) > 0
}

function isDea(values: Values): boolean {
  const odd = at(values, 2) + at(values, 4) + at(values, 6)
  const even = at(values, 3) + at(values, 5) + at(values, 7)
  return isOneOf(at(values, 0), 'ABCDEFGHJKLMPRSTUX') && (odd + 2 * even) % 10 === at(values, 8)
}

/** What letters count in a vehicle's number; I, O and Q are not used. */
const VIN_LETTERS = [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9]
const VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]

function isVin(values: Values): boolean {
  let sum = 0
  for (let place = 0; place < 17; place++) {
    const value = at(values, place)
    const counts = value < 10 ? value : (VIN_LETTERS[value - 10] ?? 0)
    if (value >= 10 && counts === 0) return false
    sum += counts * (VIN_WEIGHTS[place] ?? 0)
  }
  const check = sum % 11
  return at(values, 8) === (check === 10 ? 33 : check)
}

function isMbi(values: Values, count: number): boolean {
  for (let place = 0; place < count; place++) if (isOneOf(at(values, place), 'SLOIBZ')) return false
  return at(values, 0) > 0
}

function isCurp(values: Values): boolean {
  let sum = 0
  for (let place = 0; place < 17; place++) {
    const value = at(values, place)
    // The alphabet has an Ñ behind its N.
    sum += (value > 23 ? value + 1 : value) * (18 - place)
  }
  const isSex = isOneOf(at(values, 10), 'HMX')
  return (
    isSex && isDay(number(values, 6, 8), number(values, 8, 10)) && (10 - (sum % 10)) % 10 === at(values, 17)
  )
}

/** Numbers of the United States, Canada and Mexico. */
export const NORTH_AMERICA: Formats = [
  {
    infoType: 'US_SOCIAL_SECURITY_NUMBER',
    source: 'Social Security Administration, POMS RM 10201.030: area, group and serial numbers',
    alone: ['d3-d2-d4', 'd3 d2 d4'],
    named: ['d9', 'd3.d2.d4', 'd3/d2/d4'],
    words: ['ssn', 'ssns', 'social', 'socialsecurity'],
    check: isSsn,
  },
  {
    infoType: 'US_INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER',
    source: 'Internal Revenue Service, Publication 4757 and IRM 3.21.263: ranges of ITINs',
    alone: ['d3-d2-d4', 'd3 d2 d4'],
    named: ['d9'],
    words: ['itin', 'taxpayer'],
    check: isItin,
  },
  {
    infoType: 'US_EMPLOYER_IDENTIFICATION_NUMBER',
    source: 'Internal Revenue Service, "How EINs are assigned and valid EIN prefixes"',
    named: ['d2-d7', 'd9'],
    words: ['ein', 'fein', 'employer'],
    check: (values) => !NO_CAMPUS.has(number(values, 0, 2)),
  },
  {
    infoType: 'US_BANK_ROUTING_MICR',
    source: 'American Bankers Association, routing number policy: districts and check digit 3-7-1',
    named: ['d9', 'd4-d4-d', 'd4 d4 d'],
    words: ['routing', 'aba', 'rtn', 'transit'],
    check: isRouting,
  },
  {
    infoType: 'US_DEA_NUMBER',
    source: 'Drug Enforcement Administration, Diversion Control Division: registration number verification',
    named: ['A2d7', 'Add7'],
    words: ['dea', 'prescriber'],
    check: isDea,
  },
  {
    infoType: 'US_HEALTHCARE_NPI',
    source: 'CMS, "Requirements for NPI and NPI check digit": Luhn with the prefix 80840',
    named: ['d10'],
    words: ['npi', 'provider'],
    check: (values) => at(values, 0) >= 1 && at(values, 0) <= 2 && luhn(values, 10, 0, 24),
  },
  {
    infoType: 'US_MEDICARE_BENEFICIARY_ID_NUMBER',
    source: 'CMS, "Understanding the Medicare Beneficiary Identifier (MBI) format"',
    alone: ['dAXd-AXd-A2d2'],
    named: ['dAXdAXdA2d2'],
    words: ['mbi', 'medicare'],
    check: isMbi,
  },
  {
    infoType: 'VEHICLE_IDENTIFICATION_NUMBER',
    source: '49 CFR 565.15 and ISO 3779: check digit in the ninth place',
    named: ['X17'],
    words: ['vin', 'vehicle', 'chassis'],
    check: isVin,
  },
  {
    infoType: 'CANADA_SOCIAL_INSURANCE_NUMBER',
    source: 'Employment and Social Development Canada, SIN code of practice: Luhn',
    named: ['d9', 'd3-d3-d3', 'd3 d3 d3'],
    words: ['sin', 'nas', 'insurance'],
    check: (values) => number(values, 0, 9) > 0 && luhn(values, 9),
  },
  {
    infoType: 'MEXICO_CURP_NUMBER',
    source: 'Secretaría de Gobernación, Instructivo normativo para la asignación de la CURP',
    alone: ['A4d6A6Xd'],
    words: ['curp'],
    check: isCurp,
  },
]
