import { nearestName } from '@portcullis/kernel'
import { ADMIN_ALL, parsePermission } from './core/permission.ts'
import type { Registration } from './registration.ts'

/** Whether a role other than one with `admin:all` has a permission, in any scope. */
function isGranted({ matrix }: Registration, permission: string): boolean {
  return matrix.roles.some((role) => {
    const { outcome, admin } = matrix.judge({ roles: [role] }, permission)
    return outcome !== 'deny' && !admin
  })
}

/**
 * Warns of permissions that are asked for and that no role has: nobody gets in but holders of `admin:all` and of tokens
 * that name it. That may be meant, and more often is a slip.
 */
export function warnUnreachable(registration: Registration, asked: readonly (string | undefined)[]): void {
  const { matrix, scope } = registration
  if (matrix.roles.length === 0) return
  for (const permission of new Set(asked)) {
    if (permission === undefined || permission === ADMIN_ALL || isGranted(registration, permission)) continue
    const near = nearestName(parsePermission(permission)?.key ?? '', matrix.permissions)
    const hint = near === undefined || permission.startsWith(near) ? '' : ` Did you mean '${near}'?`
    scope.log.warn(
      { code: 'ACCESS_CONTROL_PERMISSION_WITHOUT_ROLE', permission },
      `access: '${permission}' is asked for, and no role has it.${hint}`,
    )
  }
}
