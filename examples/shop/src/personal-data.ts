import type { Policy } from '@portcullis/pii-masking'

/** What is personal, said once: for GraphQL, for REST (a response schema has its type as `title`), and for the log. */
export const classify = {
  'User.email': 'EMAIL_ADDRESS',
  'User.phone': 'PHONE_NUMBER',
  'User.ssn': 'US_SOCIAL_SECURITY_NUMBER',
  'Address.street': 'STREET_ADDRESS',
  'Address.postalCode': 'STREET_ADDRESS',
  'PaymentMethod.holder': 'PERSON_NAME',
  'PaymentMethod.cardNumber': 'CREDIT_CARD_NUMBER',
} as const

// A customer reaches no other one's contact data: policies of the database keep addresses and cards back, and the shop
// keeps email and phone back.
const ownerAndAdmin = { customer: 'raw', admin: 'raw', support: 'partial' } as const

/** Who sees how much of it. Whoever is not named here sees the least. */
export const disclosure = {
  EMAIL_ADDRESS: ownerAndAdmin,
  PHONE_NUMBER: ownerAndAdmin,
  STREET_ADDRESS: ownerAndAdmin,
  PERSON_NAME: ownerAndAdmin,
  // Not even their own: the shop has no page that shows it.
  US_SOCIAL_SECURITY_NUMBER: { admin: 'raw', support: 'partial', '*': 'null' },
  // Nobody needs more of a card than its last digits.
  CREDIT_CARD_NUMBER: 'partial',
} as const satisfies Policy
