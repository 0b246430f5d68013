import { isValidBIC } from 'ibantools'
import { stdnum } from 'stdnum'
import type { InfoType } from '../../../src/index.ts'

/** Whether a number is one of its kind, as somebody else has it. Takes the number without signs, in capitals. */
export type Oracle = (compact: string) => boolean

const digits = (text: string): number[] => Array.from(text, (char) => Number.parseInt(char, 36))

/** Luhn by the table of its doubled digits, from the right. */
const luhn: Oracle = (text) =>
  digits(text)
    .toReversed()
    .reduce((sum, digit, place) => sum + (place % 2 === 0 ? digit : Number('0246813579'[digit])), 0) %
    10 ===
  0

const sum = (text: string, weights: readonly number[]): number =>
  weights.reduce((total, weight, place) => total + weight * (digits(text)[place] ?? 0), 0)

const VIN = Object.fromEntries(
  Array.from('0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ', (char, index) => [char, index % 10]),
)

function vin(text: string): boolean {
  if (/[IOQ]/.test(text)) return false
  const transliterated = Array.from(text, (char) => {
    if (char >= '0' && char <= '9') return Number(char)
    if (char >= 'S') return char.charCodeAt(0) - 81
    return VIN[char] === undefined ? 0 : char < 'J' ? char.charCodeAt(0) - 64 : char.charCodeAt(0) - 73
  })
  const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
  const rest = weights.reduce((total, weight, place) => total + weight * (transliterated[place] ?? 0), 0) % 11
  return text[8] === '0123456789X'[rest]
}

function nric(text: string): boolean {
  const offset = { S: 0, T: 4, F: 0, G: 4, M: 3 }[text[0] ?? '']
  if (offset === undefined) return false
  const rest = (offset + sum(text.slice(1, 8), [2, 7, 6, 5, 4, 3, 2])) % 11
  const letters = { S: 'JZIHGFEDCBA', T: 'JZIHGFEDCBA', F: 'XWUTRQPNMLK', G: 'XWUTRQPNMLK', M: 'XWUTRQPNJLK' }
  return letters[text[0] as keyof typeof letters][rest] === text[8]
}

const card = (text: string): boolean =>
  luhn(text) &&
  (/^4(\d{12}|\d{15}|\d{18})$/.test(text) ||
    /^(5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}$/.test(text) ||
    /^3[47]\d{13}$/.test(text) ||
    /^3(0[0-59]|[689]\d)\d{11}(\d{2}|\d{5})?$/.test(text) ||
    /^(352[89]|35[3-8]\d|220[0-4]|60\d\d|62\d\d|6[45]\d\d|8[12]\d\d)\d{12,15}$/.test(text) ||
    /^(5[06-9]|6[136-9])(\d{11}|\d{13,17})$/.test(text))

/** A date as the language has it. */
function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

const by = (country: string, name: string): Oracle => {
  const validator = (
    stdnum as Record<string, Record<string, { validate(text: string): { isValid: boolean } }>>
  )[country]?.[name]
  if (validator === undefined) throw new Error(`stdnum has no ${country}.${name}`)
  return (compact) => validator.validate(compact).isValid
}

/** What tells for each kind with a check whether a number is of it. */
export const ORACLES: Partial<Record<InfoType, Oracle>> = {
  AUSTRALIA_MEDICARE_NUMBER: (text) =>
    /^[2-6]/.test(text) && sum(text, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(text[8]),
  AUSTRALIA_TAX_FILE_NUMBER: by('AU', 'tfn'),
  AU_ABN: by('AU', 'abn'),
  AU_ACN: by('AU', 'acn'),
  BELGIUM_NATIONAL_ID_CARD_NUMBER: (text) =>
    Number((BigInt(text.slice(0, 10)) + 96n) % 97n) + 1 === Number(text.slice(10)),
  BRAZIL_CPF_NUMBER: by('BR', 'cpf'),
  CANADA_SOCIAL_INSURANCE_NUMBER: by('CA', 'sin'),
  CHILE_CDI_NUMBER: by('CL', 'rut'),
  CHINA_RESIDENT_ID_NUMBER: by('CN', 'ric'),
  CREDIT_CARD_NUMBER: card,
  CROATIA_PERSONAL_ID_NUMBER: by('HR', 'oib'),
  CZECHIA_PERSONAL_ID_NUMBER: by('SK', 'rc'),
  FINLAND_NATIONAL_ID_NUMBER: by('FI', 'hetu'),
  FRANCE_NIR: by('FR', 'nir'),
  FRANCE_TAX_IDENTIFICATION_NUMBER: by('FR', 'nif'),
  GERMANY_IDENTITY_CARD_NUMBER: (text) =>
    /^[LMNPRTVWXY][0-9CFGHJKLMNPRTVWXYZ]{8}\d$/.test(text) &&
    sum(text, [7, 3, 1, 7, 3, 1, 7, 3, 1]) % 10 === Number(text[9]),
  GERMANY_PASSPORT: (text) =>
    /^[CFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8}\d$/.test(text) && by('DE', 'passport')(text),
  GERMANY_TAXPAYER_IDENTIFICATION_NUMBER(text) {
    const sorted = Array.from(text.slice(0, 10)).toSorted().join('')
    const repeated = sorted.match(/(\d)\1+/g) ?? []
    return repeated.length === 1 && (repeated[0] ?? '').length <= 3 && by('DE', 'idnr')(text)
  },
  HONG_KONG_ID_NUMBER: by('HK', 'hkid'),
  ICCID_NUMBER: (text) => text.startsWith('89') && luhn(text),
  IMEI_HARDWARE_ID: luhn,
  INDIA_AADHAAR_INDIVIDUAL: by('IN', 'aadhaar'),
  INDIA_GST_INDIVIDUAL: by('IN', 'gstin'),
  INDIA_PAN_INDIVIDUAL: (text) => /^[A-Z]{3}[ABCFGHJLPT]/.test(text) && text.slice(5, 9) !== '0000',
  // Of second letters those that are given: A to persons, H to others.
  IRELAND_PPSN: by('IE', 'pps'),
  ISRAEL_IDENTITY_CARD_NUMBER: by('IL', 'idnr'),
  ITALY_FISCAL_CODE: by('IT', 'codicefiscale'),
  IT_VAT_CODE: by('IT', 'iva'),
  JAPAN_INDIVIDUAL_NUMBER: (text) =>
    new Set(text).size > 1 &&
    ((11 - (sum(text, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11) % 10 === Number(text[11]),
  KOREA_RRN: by('KR', 'rrn'),
  MAC_ADDRESS: (text) => /^[0-9A-F]{12}$/.test(text),
  MEXICO_CURP_NUMBER: by('MX', 'curp'),
  NETHERLANDS_BSN_NUMBER: by('NL', 'bsn'),
  NEW_ZEALAND_IRD_NUMBER: by('NZ', 'ird'),
  NEW_ZEALAND_NHI_NUMBER(text) {
    const letters = Array.from(text.slice(0, 3), (char) => 'ABCDEFGHJKLMNPQRSTUVWXYZ'.indexOf(char) + 1)
    const all = [...letters, ...digits(text.slice(3, 6))]
    const rest = all.reduce((total, value, place) => total + value * (7 - place), 0) % 11
    return !letters.includes(0) && rest > 0 && String(11 - rest).at(-1) === text[6]
  },
  NORWAY_NI_NUMBER: by('NO', 'fodselsnummer'),
  POLAND_NATIONAL_ID_NUMBER: (text) =>
    sum(text.slice(0, 3) + text.slice(4), [7, 3, 1, 7, 3, 1, 7, 3]) % 10 === Number(text[3]),
  POLAND_PESEL_NUMBER: by('PL', 'pesel'),
  PORTUGAL_CDC_NUMBER: by('PT', 'cc'),
  SINGAPORE_NATIONAL_REGISTRATION_ID_NUMBER: nric,
  SOUTH_AFRICA_ID_NUMBER: by('ZA', 'idnr'),
  SPAIN_CIF_NUMBER: by('ES', 'cif'),
  SPAIN_DNI_NUMBER: by('ES', 'dni'),
  SPAIN_NIE_NUMBER: by('ES', 'nie'),
  SPAIN_SOCIAL_SECURITY_NUMBER: (text) =>
    by('ES', 'nss')(text) ||
    (text[2] === '0' &&
      by('ES', 'nss')(text) !==
        (Number(text.slice(0, 2) + text.slice(3, 10)) % 97 === Number(text.slice(10)))),
  // It reads them with their sign alone.
  SWEDEN_NATIONAL_ID_NUMBER: (text) =>
    by('SE', 'personnummer')(/[-+]/.test(text) ? text : `${text.slice(0, -4)}-${text.slice(-4)}`),
  SWIFT_CODE: (text) => isValidBIC(text),
  SWITZERLAND_SOCIAL_SECURITY_NUMBER: by('CH', 'ssn'),
  THAILAND_NATIONAL_ID_NUMBER: by('TH', 'idnr'),
  TURKEY_ID_NUMBER: by('TR', 'tckimlik'),
  UK_NATIONAL_HEALTH_SERVICE_NUMBER: (text) => sum(text, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
  UK_NATIONAL_INSURANCE_NUMBER: by('GB', 'nino'),
  UK_TAXPAYER_REFERENCE: by('GB', 'utr'),
  URUGUAY_CDI_NUMBER: by('UY', 'cedula'),
  US_BANK_ROUTING_MICR: (text) =>
    /^(0\d|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)/.test(text) &&
    sum(text, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0,
  US_DEA_NUMBER: (text) =>
    /^[A-HJ-MPR-UX]/.test(text) && String(sum(text.slice(2), [1, 2, 1, 2, 1, 2])).at(-1) === text[8],
  US_EMPLOYER_IDENTIFICATION_NUMBER: by('US', 'ein'),
  US_HEALTHCARE_NPI: (text) => /^[12]/.test(text) && luhn(`80840${text}`),
  US_INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER: (text) =>
    /^9\d\d(5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9])\d{4}$/.test(text),
  US_MEDICARE_BENEFICIARY_ID_NUMBER: (text) => /^[1-9]/.test(text) && !/[SLOIBZ]/.test(text),
  US_SOCIAL_SECURITY_NUMBER: (text) => /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(text),
  VEHICLE_IDENTIFICATION_NUMBER: vin,
  DATE_OF_BIRTH(text) {
    const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6)].map(Number)
    return (
      text.length === 8 &&
      (year ?? 0) >= 1900 &&
      (year ?? 0) <= 2099 &&
      isDate(year ?? 0, month ?? 0, day ?? 0)
    )
  },
  DENMARK_CPR_NUMBER: (text) =>
    isDate(2000, Number(text.slice(2, 4)), Number(text.slice(0, 2))) && text.slice(6) !== '0000',
}
