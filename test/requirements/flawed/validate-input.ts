/** The guides' own validators, in a few lines: what they do is shown to fail. */

/** F4: refuses any tag and anything that looks like an attribute for events. */
export function blockMarkup(text: string): boolean {
  return !/<[^>]+>|on\w+=/i.test(text)
}

/** F5: takes what a lenient parser of UUIDs takes: braces, a prefix, no dashes. */
export function parseUuid(text: string): boolean {
  const hex = text.replace('urn:', '').replace('uuid:', '').replaceAll(/[{}-]/g, '')
  return hex.length === 32 && /^[\da-f]+$/i.test(hex)
}

/** F6: the expression of the guide. */
export function matchEmail(text: string): boolean {
  return /^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$/.test(text)
}

/** F7: validates within the resolver, and tells the first thing that is wrong as any error. */
export function signUp({ email, userId }: { email: string; userId: string }): never | boolean {
  if (!matchEmail(email)) throw new Error('Invalid email format')
  if (!parseUuid(userId)) throw new Error('Invalid user ID format')
  return true
}

/** M14: its own handler of errors swallows its first message. */
export function validateUserId(given: string): number {
  try {
    const id = Number.parseInt(given, 10)
    if (Number.isNaN(id)) throw new Error('not a number')
    if (id <= 0) throw new Error('User ID must be positive')
    return id
  } catch {
    throw new Error('Invalid user ID format')
  }
}
