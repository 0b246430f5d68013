import { ADMIN_ALL, isName, parsePermission, permissionProblem } from './permission.ts'

/** What a role may do, and what it may not whoever else allows it. */
export interface RoleDefinition {
  /** Roles whose permissions and denials it has too. */
  readonly inherits?: readonly string[] | undefined
  readonly allow?: readonly string[] | undefined
  /** Beats every `allow`, that of another role of the same principal too. */
  readonly deny?: readonly string[] | undefined
}

/** Roles by name; a list is what a role allows. */
export type RoleDefinitions = Readonly<Record<string, readonly string[] | RoleDefinition>>

/** Roles, and the names of the scopes that their permissions may have. */
export interface AccessPolicy {
  readonly roles: RoleDefinitions
  /** Default: none. */
  readonly scopes?: readonly string[] | undefined
}

/** Roles and permissions that cannot be used. The message names each of them and the mend. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
}

const ROLE = /^[A-Za-z][A-Za-z0-9_.:/-]{0,63}$/
const MOST_ROLES = 1_000

/** A role as a definition, whichever way it was written. */
function definitionOf(role: readonly string[] | RoleDefinition): RoleDefinition {
  return Array.isArray(role) ? { allow: role as readonly string[] } : (role as RoleDefinition)
}

function repeated(list: readonly string[]): string | undefined {
  return list.find((item, index) => list.indexOf(item) !== index)
}

/** Suggests what was meant, where something near to it is known. */
export type Nearest = (typed: string, known: readonly string[]) => string | undefined

function otherwise(typed: string, known: readonly string[], nearest: Nearest): string {
  const near = nearest(typed, known)
  return near === undefined ? `Known are: ${known.join(', ') || 'none'}.` : `Did you mean '${near}'?`
}

/**
 * What is wrong with a permission where scopes are known.
 *
 * @returns a sentence that begins with the permission; `undefined` where nothing is wrong
 */
export function permissionComplaint(
  text: string,
  scopes: readonly string[],
  nearest: Nearest,
): string | undefined {
  const problem = permissionProblem(text)
  if (problem !== undefined) return `'${text.slice(0, 80)}' ${problem}.`
  const scope = parsePermission(text)?.scope
  if (scope === undefined || scopes.includes(scope)) return undefined
  return `'${text}' has the scope '${scope}', which nothing tells: give scopes.${scope}. ${otherwise(scope, scopes, nearest)}`
}

function complaintsOfRole(
  name: string,
  definition: RoleDefinition,
  names: readonly string[],
  scopes: readonly string[],
  nearest: Nearest,
): string[] {
  const { inherits = [], allow = [], deny = [] } = definition
  const where = `roles.${name}`
  const complaints: string[] = []
  if (!ROLE.test(name))
    complaints.push(
      `'${name.slice(0, 80)}' is no name of a role: a letter, then up to 63 of a-z, A-Z, 0-9 and _.:/-`,
    )
  for (const [list, permissions] of Object.entries({ allow, deny })) {
    for (const permission of permissions) {
      const complaint = permissionComplaint(permission, scopes, nearest)
      if (complaint !== undefined) complaints.push(`${where}.${list}: ${complaint}`)
    }
    const twice = repeated(permissions)
    if (twice !== undefined) complaints.push(`${where}.${list}: '${twice}' is there twice.`)
  }
  const both = allow.find((permission) => deny.includes(permission))
  if (both !== undefined) complaints.push(`${where}: '${both}' is allowed and denied; keep one.`)
  if (deny.includes(ADMIN_ALL))
    complaints.push(`${where}.deny: '${ADMIN_ALL}' cannot be denied; do not allow it, or deny what is meant.`)
  for (const inherited of inherits) {
    if (!names.includes(inherited))
      complaints.push(
        `${where}.inherits: there is no role '${inherited}'. ${otherwise(inherited, names, nearest)}`,
      )
  }
  const twice = repeated(inherits)
  if (twice !== undefined) complaints.push(`${where}.inherits: '${twice}' is there twice.`)
  return complaints
}

/** A role that inherits itself, as the chain of names that leads back to it. */
function cycleIn(roles: ReadonlyMap<string, RoleDefinition>): readonly string[] | undefined {
  const done = new Set<string>()
  const path: string[] = []
  const enter = (name: string): readonly string[] | undefined => {
    const at = path.indexOf(name)
    if (at !== -1) return [...path.slice(at), name]
    if (done.has(name)) return undefined
    path.push(name)
    for (const inherited of roles.get(name)?.inherits ?? []) {
      const cycle = enter(inherited)
      if (cycle !== undefined) return cycle
    }
    path.pop()
    done.add(name)
    return undefined
  }
  for (const name of roles.keys()) {
    const cycle = enter(name)
    if (cycle !== undefined) return cycle
  }
  return undefined
}

/**
 * Reads a policy.
 *
 * @param nearest suggests names in messages. Default: none
 * @throws PolicyError that lists all that is wrong
 */
export function readPolicy(
  { roles, scopes = [] }: AccessPolicy,
  nearest: Nearest = () => undefined,
): ReadonlyMap<string, RoleDefinition> {
  const read = new Map(Object.entries(roles).map(([name, role]) => [name, definitionOf(role)]))
  const names = [...read.keys()]
  if (names.length > MOST_ROLES)
    throw new PolicyError(`There are ${names.length} roles, at most ${MOST_ROLES}.`)
  const complaints = scopes
    .filter((scope) => !isName(scope))
    .map(
      (scope) =>
        `scopes.${scope.slice(0, 80)} is no name of a scope: a lower-case letter, then a-z, 0-9, - and _.`,
    )
  for (const [name, definition] of read)
    complaints.push(...complaintsOfRole(name, definition, names, scopes, nearest))
  const cycle = cycleIn(read)
  if (cycle !== undefined) complaints.push(`roles inherit in a circle: ${cycle.join(' → ')}.`)
  if (complaints.length > 0) throw new PolicyError(complaints.join('\n'))
  return read
}
