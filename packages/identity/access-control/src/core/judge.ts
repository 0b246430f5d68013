import type { CompiledRole, Reach } from './grants.ts'
import { ADMIN_ALL } from './permission.ts'
import type { ParsedPermission } from './permission.ts'

/** What somebody may do with a resource, before the resource is looked at. */
export interface Verdict {
  /** `depends`: on the resource, by the scopes below. */
  readonly outcome: 'allow' | 'deny' | 'depends'
  /** One of these scopes has to hold; none where it is allowed for any resource. */
  readonly when: readonly string[]
  /** None of these scopes may hold. */
  readonly unless: readonly string[]
  /** Whether nothing but `admin:all` allows it. */
  readonly admin: boolean
}

const DENIED: Verdict = { outcome: 'deny', when: [], unless: [], admin: false }
const ALLOWED: Verdict = { outcome: 'allow', when: [], unless: [], admin: false }
const ALLOWED_BY_ADMIN: Verdict = { ...ALLOWED, admin: true }

/**
 * Judges whether roles, and permissions beside them, reach what is asked for. A denial of any role beats whatever
 * allows; one with a scope denies the resources of that scope.
 *
 * @param granted permissions beside those of the roles; `admin:all` does not count among them
 */
export function judge(
  roles: readonly CompiledRole[],
  granted: ReadonlyMap<string, Reach>,
  { key, scope }: ParsedPermission,
): Verdict {
  let unless: Set<string> | undefined
  for (const { deny } of roles) {
    const reach = deny.get(key)
    if (reach === undefined) continue
    if (reach.any || (scope !== undefined && reach.scopes.has(scope))) return DENIED
    unless ??= new Set()
    for (const one of reach.scopes) unless.add(one)
  }
  let any = false
  let when: Set<string> | undefined
  const allow = (reach: Reach | undefined): void => {
    if (reach === undefined) return
    any ||= reach.any
    for (const one of reach.scopes) if (scope === undefined || scope === one) (when ??= new Set()).add(one)
  }
  // What is reserved is told by `admin` alone, so that each use of it is known as one.
  if (key !== ADMIN_ALL) {
    for (const role of roles) allow(role.allow.get(key))
    allow(granted.get(key))
  }
  const admin = !any && roles.some((role) => role.admin)
  return conclude(any || admin, when, unless, admin)
}

function conclude(
  any: boolean,
  when: ReadonlySet<string> | undefined,
  unless: ReadonlySet<string> | undefined,
  admin: boolean,
): Verdict {
  if (any && unless === undefined) return admin ? ALLOWED_BY_ADMIN : ALLOWED
  if (any) return { outcome: 'depends', when: [], unless: [...(unless ?? [])].sort(), admin }
  // A scope that is denied as well allows nothing.
  const left = [...(when ?? [])].filter((one) => unless?.has(one) !== true).sort()
  if (left.length === 0) return DENIED
  return { outcome: 'depends', when: left, unless: [...(unless ?? [])].sort(), admin: false }
}
