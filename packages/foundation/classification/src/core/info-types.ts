import { nearestName } from './nearest-name.ts'

/**
 * The kinds of personal data and secrets that are known, under the names that Google's Sensitive Data Protection uses, or,
 * where it has none (`AU_ABN`, `AU_ACN`, `IT_VAT_CODE`), Microsoft Presidio's.
 */
export const INFO_TYPES = [
  'ARGENTINA_DNI_NUMBER',
  'AUSTRALIA_MEDICARE_NUMBER',
  'AUSTRALIA_TAX_FILE_NUMBER',
  'AUTH_TOKEN',
  'AU_ABN',
  'AU_ACN',
  'AWS_CREDENTIALS',
  'BASIC_AUTH_HEADER',
  'BELGIUM_NATIONAL_ID_CARD_NUMBER',
  'BRAZIL_CPF_NUMBER',
  'CANADA_SOCIAL_INSURANCE_NUMBER',
  'CHILE_CDI_NUMBER',
  'CHINA_RESIDENT_ID_NUMBER',
  'CREDIT_CARD_NUMBER',
  'CROATIA_PERSONAL_ID_NUMBER',
  'CVV_NUMBER',
  'CZECHIA_PERSONAL_ID_NUMBER',
  'DATE',
  'DATE_OF_BIRTH',
  'DENMARK_CPR_NUMBER',
  'EMAIL_ADDRESS',
  'ENCRYPTION_KEY',
  'FINANCIAL_ACCOUNT_NUMBER',
  'FINLAND_NATIONAL_ID_NUMBER',
  'FRANCE_NIR',
  'FRANCE_TAX_IDENTIFICATION_NUMBER',
  'GCP_API_KEY',
  'GENERIC_ID',
  'GERMANY_IDENTITY_CARD_NUMBER',
  'GERMANY_PASSPORT',
  'GERMANY_TAXPAYER_IDENTIFICATION_NUMBER',
  'HONG_KONG_ID_NUMBER',
  'IBAN_CODE',
  'ICCID_NUMBER',
  'IMEI_HARDWARE_ID',
  'INDIA_AADHAAR_INDIVIDUAL',
  'INDIA_GST_INDIVIDUAL',
  'INDIA_PAN_INDIVIDUAL',
  'IP_ADDRESS',
  'IRELAND_PPSN',
  'ISRAEL_IDENTITY_CARD_NUMBER',
  'ITALY_FISCAL_CODE',
  'IT_VAT_CODE',
  'JAPAN_INDIVIDUAL_NUMBER',
  'KOREA_RRN',
  'MAC_ADDRESS',
  'MEDICAL_RECORD_NUMBER',
  'MEXICO_CURP_NUMBER',
  'NETHERLANDS_BSN_NUMBER',
  'NEW_ZEALAND_IRD_NUMBER',
  'NEW_ZEALAND_NHI_NUMBER',
  'NORWAY_NI_NUMBER',
  'PASSPORT',
  'PASSWORD',
  'PERSON_NAME',
  'PHONE_NUMBER',
  'POLAND_NATIONAL_ID_NUMBER',
  'POLAND_PESEL_NUMBER',
  'PORTUGAL_CDC_NUMBER',
  'SINGAPORE_NATIONAL_REGISTRATION_ID_NUMBER',
  'SOUTH_AFRICA_ID_NUMBER',
  'SPAIN_CIF_NUMBER',
  'SPAIN_DNI_NUMBER',
  'SPAIN_NIE_NUMBER',
  'SPAIN_SOCIAL_SECURITY_NUMBER',
  'STREET_ADDRESS',
  'SWEDEN_NATIONAL_ID_NUMBER',
  'SWIFT_CODE',
  'SWITZERLAND_SOCIAL_SECURITY_NUMBER',
  'THAILAND_NATIONAL_ID_NUMBER',
  'TURKEY_ID_NUMBER',
  'UK_NATIONAL_HEALTH_SERVICE_NUMBER',
  'UK_NATIONAL_INSURANCE_NUMBER',
  'UK_TAXPAYER_REFERENCE',
  'URUGUAY_CDI_NUMBER',
  'US_BANK_ROUTING_MICR',
  'US_DEA_NUMBER',
  'US_EMPLOYER_IDENTIFICATION_NUMBER',
  'US_HEALTHCARE_NPI',
  'US_INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER',
  'US_MEDICARE_BENEFICIARY_ID_NUMBER',
  'US_SOCIAL_SECURITY_NUMBER',
  'VEHICLE_IDENTIFICATION_NUMBER',
] as const

/** One of {@link INFO_TYPES}. */
export type InfoType = (typeof INFO_TYPES)[number]

/** Secrets whose issuer is known are of the kind that names them all, too. */
const TOKENS: ReadonlySet<InfoType> = new Set([
  'AWS_CREDENTIALS',
  'BASIC_AUTH_HEADER',
  'ENCRYPTION_KEY',
  'GCP_API_KEY',
])

/** The kind that a kind belongs to: that of all tokens for tokens and keys of one issuer, else itself. */
export function broaderInfoType(infoType: InfoType): InfoType {
  return TOKENS.has(infoType) ? 'AUTH_TOKEN' : infoType
}

/** Names of the same kinds in Microsoft Presidio, and names that Google has for parts of a kind. */
const ALIASES: ReadonlyMap<string, InfoType> = new Map([
  ['AU_MEDICARE', 'AUSTRALIA_MEDICARE_NUMBER'],
  ['AU_TFN', 'AUSTRALIA_TAX_FILE_NUMBER'],
  ['CREDIT_CARD', 'CREDIT_CARD_NUMBER'],
  ['DATE_TIME', 'DATE'],
  ['ES_NIE', 'SPAIN_NIE_NUMBER'],
  ['ES_NIF', 'SPAIN_DNI_NUMBER'],
  ['FI_PERSONAL_IDENTITY_CODE', 'FINLAND_NATIONAL_ID_NUMBER'],
  ['IN_AADHAAR', 'INDIA_AADHAAR_INDIVIDUAL'],
  ['IN_GSTIN', 'INDIA_GST_INDIVIDUAL'],
  ['IN_PAN', 'INDIA_PAN_INDIVIDUAL'],
  ['IT_FISCAL_CODE', 'ITALY_FISCAL_CODE'],
  ['JSON_WEB_TOKEN', 'AUTH_TOKEN'],
  ['KR_RRN', 'KOREA_RRN'],
  ['LOCATION', 'STREET_ADDRESS'],
  ['MEDICAL_LICENSE', 'US_DEA_NUMBER'],
  ['PERSON', 'PERSON_NAME'],
  ['PL_PESEL', 'POLAND_PESEL_NUMBER'],
  ['SG_NRIC_FIN', 'SINGAPORE_NATIONAL_REGISTRATION_ID_NUMBER'],
  ['TH_TNIN', 'THAILAND_NATIONAL_ID_NUMBER'],
  ['UK_NHS', 'UK_NATIONAL_HEALTH_SERVICE_NUMBER'],
  ['UK_NINO', 'UK_NATIONAL_INSURANCE_NUMBER'],
  ['US_BANK_NUMBER', 'FINANCIAL_ACCOUNT_NUMBER'],
  ['US_ITIN', 'US_INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER'],
  ['US_NPI', 'US_HEALTHCARE_NPI'],
  ['US_PASSPORT', 'PASSPORT'],
  ['US_SSN', 'US_SOCIAL_SECURITY_NUMBER'],
])

/** A classification that is wrong: an unknown info type, or a coordinate that cannot be read. */
export class ClassificationError extends Error {
  override readonly name = 'ClassificationError'
  readonly code = 'PORTCULLIS_CLASSIFICATION_INVALID'
}

/**
 * The info type of a name, as Google's Sensitive Data Protection or Microsoft Presidio spell it.
 *
 * @param where what is classified so, for the message
 * @throws ClassificationError for a name that is not known; the message has the nearest one, and all
 */
export function toInfoType(name: unknown, where: string): InfoType {
  const known = INFO_TYPES.find((one) => one === name) ?? ALIASES.get(String(name))
  if (known !== undefined) return known
  const all = [...INFO_TYPES, ...ALIASES.keys()]
  const nearest = typeof name === 'string' ? nearestName(name.slice(0, 64), all) : undefined
  const got = typeof name === 'string' ? `'${name.slice(0, 40)}'` : `a value of type ${typeof name}`
  const meant = nearest === undefined ? '' : ` Did you mean '${nearest}'?`
  throw new ClassificationError(
    `${where}: got ${got}, takes an info type.${meant} There are: ${all.join(', ')}.`,
  )
}
