const CANONICAL = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i
const NIL = '00000000-0000-0000-0000-000000000000'
const MAX = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/**
 * The version of a UUID in the form of RFC 9562 (8-4-4-4-12, upper or lower case), 1 to 8; `undefined` where it is none,
 * of another variant, or the nil or max UUID, which name nothing.
 */
export function uuidVersion(value: string): number | undefined {
  if (value.length !== 36 || !CANONICAL.test(value)) return undefined
  const lower = value.toLowerCase()
  if (lower === NIL || lower === MAX) return undefined
  const version = Number.parseInt(value.charAt(14), 16)
  const variant = Number.parseInt(value.charAt(19), 16)
  return version >= 1 && version <= 8 && variant >= 8 && variant <= 11 ? version : undefined
}
