import { compileRoles, reachOf } from './grants.ts'
import type { Reach } from './grants.ts'
import { judge } from './judge.ts'
import type { Verdict } from './judge.ts'
import { parsePermission } from './permission.ts'
import type { ParsedPermission } from './permission.ts'
import { PolicyError, readPolicy } from './policy.ts'
import type { AccessPolicy, Nearest } from './policy.ts'
import { printMatrix } from './print.ts'

/** Who asks: what a principal has of roles and permissions. */
export interface Asker {
  readonly roles: readonly string[]
  /** Allowed in addition to what the roles allow; denials of the roles beat them. `admin:all` does not count here. */
  readonly permissions?: readonly string[] | undefined
}

/** What one role may do of one `resource:action`, inheritance and denials included. */
export interface Cell {
  /** Whether it may for any resource. */
  readonly any: boolean
  /** The scopes in which it may, where not for any. */
  readonly when: readonly string[]
  /** The scopes in which it may not in any case. */
  readonly unless: readonly string[]
}

/** A matrix as data, for a file that is kept beside the code. */
export interface MatrixJson {
  readonly scopes: readonly string[]
  /** By role, then by `resource:action`; what is not there is not allowed. */
  readonly roles: Readonly<Record<string, Readonly<Record<string, Cell>>>>
}

/** Roles and permissions, compiled. It does not change. */
export interface AccessMatrix {
  /** The roles, in the order in which they were given. */
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  /** Every `resource:action` that a role names, sorted; `admin:all` among them where a role has it. */
  readonly permissions: readonly string[]
  /**
   * Whether all of it is allowed: every resource, or with a scope every resource of that scope.
   *
   * @throws PolicyError for what is no permission, or has an unknown scope
   */
  allows(roles: readonly string[], permission: string): boolean
  /**
   * What is allowed, and on what it depends.
   *
   * @throws PolicyError for what is no permission, or has an unknown scope
   */
  judge(asker: Asker, permission: string): Verdict
  /** Whether one of the roles is a role or inherits it. Roles that the matrix does not know count by their name. */
  holds(roles: readonly string[], role: string): boolean
  /** One cell; nothing is allowed to a role that the matrix does not know. */
  cell(role: string, permission: string): Cell
  toJSON(): MatrixJson
  /** A table for people: a line for each permission, a column for each role. */
  toString(): string
}

const MOST_PARSED = 1_000
/** How many permissions of a principal are looked at: one with more has the first of them. */
export const MOST_GRANTED = 1_000

/**
 * Compiles roles and permissions.
 *
 * @param nearest suggests names in messages. Default: none
 * @throws PolicyError that lists all that is wrong: form, unknown scopes and roles, doubles, circles
 */
export function createMatrix(policy: AccessPolicy, nearest?: Nearest): AccessMatrix {
  const scopes = Object.freeze([...(policy.scopes ?? [])])
  const compiled = compileRoles(readPolicy(policy, nearest))
  const roles = Object.freeze([...compiled.keys()])
  const named = [...compiled.values()].flatMap(({ allow, deny }) => [...allow.keys(), ...deny.keys()])
  const permissions = Object.freeze([...new Set(named)].sort())
  const parsed = new Map<string, ParsedPermission>()
  const granted = new WeakMap<readonly string[], ReadonlyMap<string, Reach>>()
  const none: ReadonlyMap<string, Reach> = new Map()

  function parse(text: string): ParsedPermission {
    const known = parsed.get(text)
    if (known !== undefined) return known
    const permission = parsePermission(text)
    if (permission === undefined || (permission.scope !== undefined && !scopes.includes(permission.scope)))
      throw new PolicyError(
        'What was asked for is no permission (resource:action:scope), or has an unknown scope.',
      )
    if (parsed.size < MOST_PARSED) parsed.set(text, permission)
    return permission
  }

  function grantedTo(list: readonly string[]): ReadonlyMap<string, Reach> {
    if (list.length === 0) return none
    const known = granted.get(list)
    if (known !== undefined) return known
    const usable = list.slice(0, MOST_GRANTED).filter((text) => {
      const scope = parsePermission(text)?.scope
      return scope === undefined || scopes.includes(scope)
    })
    const found = reachOf(usable)
    granted.set(list, found)
    return found
  }

  function judgeFor({ roles: held, permissions: beside = [] }: Asker, permission: string): Verdict {
    const known = held.map((role) => compiled.get(role)).filter((role) => role !== undefined)
    return judge(known, grantedTo(beside), parse(permission))
  }

  function cell(role: string, permission: string): Cell {
    const { outcome, when, unless } = judgeFor({ roles: [role] }, permission)
    return { any: outcome !== 'deny' && when.length === 0, when, unless }
  }

  const matrix: AccessMatrix = {
    roles,
    scopes,
    permissions,
    judge: judgeFor,
    allows(held, permission) {
      const { outcome, when, unless } = judgeFor({ roles: held }, permission)
      if (outcome !== 'depends') return outcome === 'allow'
      return unless.length === 0 && when.includes(parse(permission).scope ?? '')
    },
    holds: (held, role) => held.some((one) => one === role || compiled.get(one)?.lineage.has(role) === true),
    cell,
    toJSON: () => ({
      scopes,
      roles: Object.fromEntries(
        roles.map((role) => [
          role,
          Object.fromEntries(
            permissions
              .map((permission) => [permission, cell(role, permission)] as const)
              .filter(([, { any, when }]) => any || when.length > 0),
          ),
        ]),
      ),
    }),
    toString: () => printMatrix(matrix),
  }
  return Object.freeze(matrix)
}
