import { ADMIN_ALL, parsePermission } from './permission.ts'
import type { RoleDefinition } from './policy.ts'

/** In which scopes one `resource:action` is allowed, or denied. */
export interface Reach {
  /** Without a scope: for every resource. */
  readonly any: boolean
  readonly scopes: ReadonlySet<string>
}

/** What a role allows and denies, with what it inherits. */
export interface CompiledRole {
  /** The role itself and all that it inherits. */
  readonly lineage: ReadonlySet<string>
  /** Whether it has `admin:all`. */
  readonly admin: boolean
  readonly allow: ReadonlyMap<string, Reach>
  readonly deny: ReadonlyMap<string, Reach>
}

interface GrowingReach {
  any: boolean
  readonly scopes: Set<string>
}

/** Permissions by their `resource:action`. Whatever is no permission is left out. */
export function reachOf(permissions: Iterable<string>): ReadonlyMap<string, Reach> {
  const found = new Map<string, GrowingReach>()
  for (const text of permissions) {
    const permission = parsePermission(text)
    if (permission === undefined) continue
    const { key, scope } = permission
    const reach = found.get(key) ?? { any: false, scopes: new Set<string>() }
    found.set(key, reach)
    if (scope === undefined) reach.any = true
    else reach.scopes.add(scope)
  }
  return found
}

/** Compiles roles that were read: they inherit nothing unknown and not in a circle. */
export function compileRoles(roles: ReadonlyMap<string, RoleDefinition>): ReadonlyMap<string, CompiledRole> {
  const lineages = new Map<string, ReadonlySet<string>>()
  const lineageOf = (name: string): ReadonlySet<string> => {
    const known = lineages.get(name)
    if (known !== undefined) return known
    const inherited = (roles.get(name)?.inherits ?? []).flatMap((parent) => [...lineageOf(parent)])
    const lineage = new Set([name, ...inherited])
    lineages.set(name, lineage)
    return lineage
  }
  return new Map(
    [...roles.keys()].map((name) => {
      const lineage = lineageOf(name)
      const all = (list: 'allow' | 'deny'): string[] =>
        [...lineage].flatMap((role) => roles.get(role)?.[list] ?? [])
      const allowed = all('allow')
      return [
        name,
        { lineage, admin: allowed.includes(ADMIN_ALL), allow: reachOf(allowed), deny: reachOf(all('deny')) },
      ]
    }),
  )
}
