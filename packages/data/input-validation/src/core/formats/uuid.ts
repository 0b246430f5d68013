// Version 1 to 8, variant 10: so neither the nil nor the max UUID, which name nothing.
const CANONICAL = /^[\da-fA-F]{8}-[\da-fA-F]{4}-[1-8][\da-fA-F]{3}-[89abAB][\da-fA-F]{3}-[\da-fA-F]{12}$/

/** Whether a text is a UUID in the form of RFC 9562: 8-4-4-4-12, upper or lower case, versions 1 to 8. */
export function isUuid(value: string): boolean {
  return CANONICAL.test(value)
}

/** The version of a UUID; `undefined` where a text is none. */
export function uuidVersion(value: string): number | undefined {
  return isUuid(value) ? Number(value.charAt(14)) : undefined
}
