import type { Principal } from '@portcullis/kernel'
import { MOST_GRANTED } from './core/matrix.ts'
import type { AccessMatrix } from './core/matrix.ts'
import { ADMIN_ALL, parsePermission } from './core/permission.ts'

/** Settings of a transaction by name, for row-level-security policies to read. */
export type AccessSettings = Readonly<Record<`app.${string}`, string>>

/** What of the permissions the settings hold. */
export interface SettingsOptions {
  /** Resources whose permissions are needed. Default: all. */
  readonly resources?: readonly string[] | undefined
}

function permissionsOf(matrix: AccessMatrix, principal: Principal, permission: string): readonly string[] {
  const { outcome, when, unless } = matrix.judge(principal, permission)
  // A policy sees no denial of a scope, so what has one is not there at all.
  if (outcome === 'deny' || unless.length > 0) return []
  return when.length === 0 ? [permission] : when.map((scope) => `${permission}:${scope}`)
}

/**
 * What policies may know of a caller, from the same matrix that decides over routes: ids, roles, and permissions with
 * their scopes, separated by spaces. Of `admin:all` every permission is there that a role or the caller names and that is
 * not denied. A permission of which a scope is denied is left out, so that its rows stay closed.
 *
 * @returns `app.current_user_id`, `app.current_tenant_id`, `app.roles` and `app.permissions`; empty texts for nobody
 */
export function settingsOf(
  matrix: AccessMatrix,
  principal: Principal,
  { resources }: SettingsOptions = {},
): AccessSettings {
  const beside = principal.permissions.slice(0, MOST_GRANTED)
  const keys = [...matrix.permissions, ...beside].flatMap((text) => {
    const { key, resource } = parsePermission(text) ?? {}
    const isNeeded = resource !== undefined && resources?.includes(resource) !== false
    return key !== undefined && key !== ADMIN_ALL && isNeeded ? [key] : []
  })
  const roles = matrix.roles.filter((role) => matrix.holds(principal.roles, role))
  return {
    'app.current_user_id': principal.id ?? '',
    'app.current_tenant_id': principal.tenantId ?? '',
    'app.roles': roles.join(' '),
    'app.permissions': [...new Set(keys)].flatMap((one) => permissionsOf(matrix, principal, one)).join(' '),
  }
}
