import { createClassification, wordsOf } from '@portcullis/classification'

/** What stands in the place of a masked value. */
export const MASKED = '[masked]'

// Beside the names that are classified without being told: what is personal, or opens something, in an audit trail.
const classification = createClassification({
  accountNumber: 'FINANCIAL_ACCOUNT_NUMBER',
  address: 'STREET_ADDRESS',
  bic: 'FINANCIAL_ACCOUNT_NUMBER',
  birth: 'DATE_OF_BIRTH',
  card: 'CREDIT_CARD_NUMBER',
  credential: 'AUTH_TOKEN',
  diagnosis: 'MEDICAL_RECORD_NUMBER',
  dob: 'DATE_OF_BIRTH',
  email: 'EMAIL_ADDRESS',
  fax: 'PHONE_NUMBER',
  firstName: 'PERSON_NAME',
  fullName: 'PERSON_NAME',
  ip: 'IP_ADDRESS',
  lastName: 'PERSON_NAME',
  latitude: 'STREET_ADDRESS',
  longitude: 'STREET_ADDRESS',
  maiden: 'PERSON_NAME',
  mobile: 'PHONE_NUMBER',
  nationalId: 'GENERIC_ID',
  otp: 'PASSWORD',
  passcode: 'PASSWORD',
  passport: 'PASSPORT',
  phone: 'PHONE_NUMBER',
  pin: 'PASSWORD',
  postalCode: 'STREET_ADDRESS',
  postcode: 'STREET_ADDRESS',
  pwd: 'PASSWORD',
  salary: 'FINANCIAL_ACCOUNT_NUMBER',
  session: 'AUTH_TOKEN',
  signature: 'AUTH_TOKEN',
  socialSecurity: 'US_SOCIAL_SECURITY_NUMBER',
  street: 'STREET_ADDRESS',
  surname: 'PERSON_NAME',
  taxId: 'GENERIC_ID',
  tel: 'PHONE_NUMBER',
  token: 'AUTH_TOKEN',
  userName: 'PERSON_NAME',
  zip: 'STREET_ADDRESS',
  zipCode: 'STREET_ADDRESS',
})

// Personal alone, and part of many names that are not (`fileName`).
const ALONE: ReadonlySet<string> = new Set(['auth', 'name', 'city'])

// Long enough to be looked for within words that were run together (`useremail`).
const LONG: readonly string[] = classification
  .all()
  .map(({ coordinate }) => coordinate.toLowerCase())
  .filter(({ length }) => length >= 5)

const LONGEST_NAME = 128

// Most names come again and again; a flood of new ones empties the memory and costs nothing else.
const remembered = new Map<string, boolean>()
const MOST_REMEMBERED = 5000

function judge(name: string): boolean {
  const words = wordsOf(name)
  const folded = words.join('')
  if (ALONE.has(folded) || LONG.some((part) => folded.includes(part))) return true
  return words.some((_word, index) => classification.name(words.slice(0, index + 1).join('_')) !== undefined)
}

/**
 * Whether the values of members of this name are masked: in any spelling, and wherever in the name it says so
 * (`passwordConfirmation`), which is wider than what answers hide: nobody misses in a trail what was masked in vain.
 */
export function isSensitiveName(name: string): boolean {
  // Nobody chose a name of that length.
  if (name.length > LONGEST_NAME) return true
  const known = remembered.get(name)
  if (known !== undefined) return known
  const sensitive = judge(name)
  if (remembered.size >= MOST_REMEMBERED) remembered.clear()
  remembered.set(name, sensitive)
  return sensitive
}
