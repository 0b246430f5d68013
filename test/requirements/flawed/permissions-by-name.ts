const ROLE_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  user: ['orders:read:self', 'profile:write:self'],
  manager: ['orders:read:team', 'users:read:team'],
  admin: ['admin:all'],
}

/** The flaw: a permission is a name to be found in a list. Its scope means nothing, no role has another's, none is denied. */
export function hasPermission(role: string, permission: string): boolean {
  const list = ROLE_PERMISSIONS[role] ?? []
  return list.includes(permission) || list.includes('admin:all')
}
