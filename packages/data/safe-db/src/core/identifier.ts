import { UnsafeIdentifierError } from '../errors.ts'

const SIMPLE = /^[A-Za-z_][A-Za-z0-9_$]*$/
/** PostgreSQL cuts longer names without a word (`NAMEDATALEN` is 64), so two of them could become one. */
const MAX_BYTES = 63

/**
 * Quotes an identifier. With a list, the name must be in it; without, it is a letter or underscore, then letters,
 * digits, `_` and `$`. Never more than 63 bytes. Quoted names keep their case.
 *
 * @param lists at most one. One that is given and is none is a refusal: a list that was looked up and not found must not
 * let every name through
 * @throws UNSAFE_IDENTIFIER, whose message does not hold the name
 */
export function quoteIdentifier(name: unknown, ...lists: readonly unknown[]): string {
  if (typeof name !== 'string') throw new UnsafeIdentifierError('got no string')
  const [allowed] = lists
  if (lists.length > 0 && !(Array.isArray(allowed) && allowed.includes(name))) {
    throw new UnsafeIdentifierError('the name is not in the list of those allowed')
  }
  if (lists.length === 0 && !SIMPLE.test(name)) {
    throw new UnsafeIdentifierError('takes letters, digits, _ and $, or a list of the names allowed')
  }
  if (name === '' || name.includes('\u0000') || !name.isWellFormed() || Buffer.byteLength(name) > MAX_BYTES) {
    throw new UnsafeIdentifierError(`takes 1 to ${MAX_BYTES} bytes of text`)
  }
  return `"${name.replaceAll('"', '""')}"`
}
