import type { InfoType } from './info-types.ts'
import type { KeyedHash } from './strategies.ts'

/** Kinds that are written with and without blanks, dashes and brackets. */
const WRITTEN_IN_GROUPS: ReadonlySet<InfoType> = new Set([
  'CREDIT_CARD_NUMBER',
  'IBAN_CODE',
  'PHONE_NUMBER',
  'US_SOCIAL_SECURITY_NUMBER',
])

/** One way to write a value that is written in several. */
function canonical(infoType: InfoType, text: string): string {
  const plain = text.normalize('NFKC').trim().toLowerCase()
  return WRITTEN_IN_GROUPS.has(infoType) ? plain.replaceAll(/[^\p{L}\p{N}+]/gu, '') : plain
}

/**
 * A token in a value's place: `tok_` and 22 characters, whatever the value looks like. The same for the same value of a
 * kind, however that is written (`123-45-6789`, `123456789`), so that records can be joined by it.
 */
export function tokenOf(infoType: InfoType, text: string, hash: KeyedHash): string {
  return `tok_${hash(infoType, `token\0${canonical(infoType, text)}`).slice(0, 22)}`
}
