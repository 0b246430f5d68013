/** What stands in the place of a masked value. */
export const MASKED = '[masked]'

// Names of members whose values are secret or personal, in small letters and digits only. A member is masked when its
// name, spelt in any way (`creditCard`, `credit_card`, `CREDIT-CARD`), contains one of them.
const CONTAINED: readonly string[] =
  'password passwd passphrase passcode secret token apikey authorization cookie credential privatekey signature session otp ssn socialsecurity taxid nationalid passport iban bic creditcard cardnumber cvv cvc accountnumber email phone mobile birth firstname lastname surname fullname maiden username displayname street address postcode postalcode zipcode latitude longitude salary diagnosis'.split(
    ' ',
  )

// Names too short to be looked for inside of others.
const EXACT: ReadonlySet<string> = new Set([
  'auth',
  'pin',
  'pwd',
  'name',
  'zip',
  'card',
  'dob',
  'tel',
  'fax',
  'ip',
  'city',
])

/** Whether the values of members of this name are masked. */
export function isSensitiveName(name: string): boolean {
  const folded = name
    .slice(0, 256)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
  return EXACT.has(folded) || CONTAINED.some((part) => folded.includes(part))
}

const SSN = /^\d{3}-\d{2}-\d{4}$/
const JWT = /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/
const CARD = /^\d{13,19}$/

function passesLuhn(digits: string): boolean {
  const sum = Array.from(digits)
    .toReversed()
    .reduce((total, digit, index) => {
      const doubled = index % 2 === 1 ? Number(digit) * 2 : Number(digit)
      return total + (doubled > 9 ? doubled - 9 : doubled)
    }, 0)
  return sum % 10 === 0
}

function isSensitiveWord(word: string): boolean {
  if (word.includes('@') || word.includes('%40') || SSN.test(word) || JWT.test(word)) return true
  const digits = word.replaceAll('-', '')
  return CARD.test(digits) && passesLuhn(digits)
}

/** Masks what looks like an email address, a social security or card number or a signed token, in linear time. */
export function maskText(text: string): string {
  return text
    .split(/([\s/?&=;:,"'`<>()[\]{}|]+)/)
    .map((word) => (isSensitiveWord(word) ? MASKED : word))
    .join('')
}

const CODE = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/

/**
 * A reason that is a code (`bad_password`, `TOKEN_EXPIRED`) as it is; anything else masked, since free text carries what
 * users typed and what exceptions say.
 */
export function maskReason(reason: string): string {
  return CODE.test(reason) && maskText(reason) === reason ? reason : MASKED
}
