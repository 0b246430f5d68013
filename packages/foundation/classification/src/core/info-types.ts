/** The kinds of personal data that are known, under the names that Google's Sensitive Data Protection uses. */
export const INFO_TYPES = [
  'AUTH_TOKEN',
  'CREDIT_CARD_NUMBER',
  'CVV_NUMBER',
  'DATE',
  'DATE_OF_BIRTH',
  'EMAIL_ADDRESS',
  'FINANCIAL_ACCOUNT_NUMBER',
  'GENERIC_ID',
  'IBAN_CODE',
  'IP_ADDRESS',
  'MEDICAL_RECORD_NUMBER',
  'PASSPORT',
  'PASSWORD',
  'PERSON_NAME',
  'PHONE_NUMBER',
  'STREET_ADDRESS',
  'US_SOCIAL_SECURITY_NUMBER',
] as const

/** One of {@link INFO_TYPES}. */
export type InfoType = (typeof INFO_TYPES)[number]

/** Names of the same kinds in Microsoft Presidio. */
const PRESIDIO: ReadonlyMap<string, InfoType> = new Map([
  ['CREDIT_CARD', 'CREDIT_CARD_NUMBER'],
  ['DATE_TIME', 'DATE'],
  ['LOCATION', 'STREET_ADDRESS'],
  ['MEDICAL_LICENSE', 'MEDICAL_RECORD_NUMBER'],
  ['PERSON', 'PERSON_NAME'],
  ['US_BANK_NUMBER', 'FINANCIAL_ACCOUNT_NUMBER'],
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
 * @throws ClassificationError for a name that is not known
 */
export function toInfoType(name: unknown, where: string): InfoType {
  const known = INFO_TYPES.find((one) => one === name) ?? PRESIDIO.get(String(name))
  if (known !== undefined) return known
  const got = typeof name === 'string' ? `'${name.slice(0, 40)}'` : `a value of type ${typeof name}`
  throw new ClassificationError(
    `${where}: got ${got}, takes an info type: ${[...INFO_TYPES, ...PRESIDIO.keys()].join(', ')}.`,
  )
}
