/** A permission as it is written: `resource:action`, or `resource:action:scope`. */
export type Permission = `${string}:${string}`

/** A permission, taken apart. */
export interface ParsedPermission {
  readonly text: string
  readonly resource: string
  /** `resource:action`: what is allowed or denied, in all scopes alike. */
  readonly key: string
  /** Of which resources; without one, of any. */
  readonly scope: string | undefined
}

/** The permission that allows everything that is not denied. */
export const ADMIN_ALL = 'admin:all'

const GRAMMAR = 'resource:action or resource:action:scope, such as orders:read:self'
const NAME = /^[a-z][a-z0-9_-]{0,63}$/
const LONGEST = 3 * 64 + 2

/** Whether a text may be the name of a resource, an action or a scope: lower case, at most 64 characters. */
export function isName(text: string): boolean {
  return NAME.test(text)
}

/**
 * What is wrong with the form of a permission.
 *
 * @returns the mend, in words; `undefined` where nothing is wrong
 */
export function permissionProblem(text: string): string | undefined {
  if (text.length > LONGEST) return `is longer than ${LONGEST} characters; it takes ${GRAMMAR}`
  const names = text.split(':')
  if (names.length < 2 || names.length > 3) return `has ${names.length} of its parts; it takes ${GRAMMAR}`
  if (!names.every(isName))
    return `is no ${GRAMMAR}: each name is a lower-case letter, then up to 63 of a-z, 0-9, - and _`
  return names.length === 3 && `${names[0]}:${names[1]}` === ADMIN_ALL
    ? `takes no scope: ${ADMIN_ALL} is reserved for everything`
    : undefined
}

/** Takes a permission apart; `undefined` for what is none. */
export function parsePermission(text: string): ParsedPermission | undefined {
  if (permissionProblem(text) !== undefined) return undefined
  const [resource = '', action = '', scope] = text.split(':')
  return { text, resource, key: `${resource}:${action}`, scope }
}
