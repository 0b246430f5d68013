/** One thing that is wrong with an input. It never holds the value, nor a name that only the client knows. */
export interface Issue {
  /** A JSON Pointer (RFC 6901) to it, such as `/body/email`; `*` stands for a name that the schema does not have. */
  readonly path: string
  /** Upper snake case, stable, such as `INVALID_EMAIL`. */
  readonly code: string
  /** For people. */
  readonly message: string
}

/** Messages by code (`REQUIRED`) or by format (`email`). `{name}` and `{Name}` stand for the member in words. */
export type Messages = Readonly<Record<string, string>>

/** The messages that hold where none is set. */
const DEFAULT_MESSAGES = {
  REQUIRED: '{Name} is required',
  INVALID_TYPE: 'Invalid {name} format',
  INVALID_FORMAT: 'Invalid {name} format',
  INVALID: 'Invalid {name}',
  INVALID_EMAIL: 'Invalid email format',
  INVALID_POSITIVE_INT: '{Name} must be positive',
  INVALID_SAFE_INTEGER: '{Name} must be a whole number that is represented exactly',
  UNKNOWN_KEY: 'There is a member that is not known here',
  DUPLICATE_KEY: '{Name} is given more than once',
  UNSAFE_INTEGER: '{Name} is a number that cannot be represented exactly',
  NUL: '{Name} has a character that is not allowed',
  LONE_SURROGATE: '{Name} has a character that is not allowed',
  TOO_DEEP: 'The input is nested too deeply',
  TOO_MANY_ITEMS: '{Name} has too many items',
  TOO_FEW_ITEMS: '{Name} has too few items',
  DUPLICATE_ITEMS: '{Name} has an item twice',
  TOO_LONG: '{Name} is too long',
  TOO_SHORT: '{Name} is too short',
  TOO_BIG: '{Name} is too large',
  TOO_SMALL: '{Name} is too small',
  NOT_A_MULTIPLE: '{Name} is not a multiple of what it has to be',
  INVALID_PATTERN: 'Invalid {name} format',
  NOT_ALLOWED: '{Name} is not one of the allowed values',
  NO_ALTERNATIVE: 'Invalid {name}',
  INVALID_UUID_VERSION: 'Invalid {name} format',
} satisfies Messages

/** A member's name in words: `userId` is `user ID`. */
function inWords(name: string): string {
  const words = name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .split(/[\s_-]/)
    .filter((word) => word !== '')
    .map((word) => (word.toLowerCase() === 'id' ? 'ID' : word.toLowerCase()))
  return words.length === 0 ? 'value' : words.join(' ')
}

function nameIn(path: string): string {
  const segments = path.split('/').slice(1)
  const named = segments.findLast((segment) => segment !== '*' && !/^\d+$/.test(segment))
  return inWords((named ?? 'value').replaceAll('~1', '/').replaceAll('~0', '~'))
}

function defaultFor(code: string): string {
  const known: Messages = DEFAULT_MESSAGES
  return (Object.hasOwn(known, code) ? known[code] : undefined) ?? DEFAULT_MESSAGES.INVALID_FORMAT
}

/**
 * Makes an issue.
 *
 * @param format the format that failed, whose message goes before the code's
 */
export function issueAt(path: string, code: string, messages: Messages, format?: string): Issue {
  const own = (key: string | undefined): string | undefined =>
    key !== undefined && Object.hasOwn(messages, key) ? messages[key] : undefined
  const template = own(format) ?? own(code) ?? defaultFor(code)
  if (!template.includes('{')) return { path, code, message: template }
  const name = nameIn(path)
  const message = template
    .replaceAll('{name}', name)
    .replaceAll('{Name}', name.charAt(0).toUpperCase() + name.slice(1))
  return { path, code, message }
}

/** One segment of a JSON Pointer. */
export function pointerTo(segment: string | number): string {
  return `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
