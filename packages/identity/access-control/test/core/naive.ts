/** What the engine is compared with: written from the definition, sharing no module with it, and slow on purpose. */

export interface NaiveRole {
  readonly inherits: readonly string[]
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

export interface NaiveCase {
  readonly roles: Readonly<Record<string, NaiveRole>>
  readonly scopes: readonly string[]
  readonly held: readonly string[]
  readonly tokens: readonly string[]
}

/** Whether a resource is in each scope: yes, no, or nobody can tell. */
export type Truth = Readonly<Record<string, boolean | undefined>>

/** Every role that somebody has, by walking the inheritance until nothing is new. */
function everyRole({ roles, held }: NaiveCase): string[] {
  const found = [...held]
  for (let changed = true; changed;) {
    changed = false
    for (const name of found.slice()) {
      for (const parent of Object.hasOwn(roles, name) ? (roles[name]?.inherits ?? []) : []) {
        if (found.includes(parent)) continue
        found.push(parent)
        changed = true
      }
    }
  }
  return found
}

/** Whether somebody may do `resource:action` (or with a scope) to one resource. */
export function naiveAllows(given: NaiveCase, asked: string, truth: Truth): boolean {
  const [resource, action, scope] = asked.split(':')
  const mine = everyRole(given).flatMap((name) => {
    const role = Object.hasOwn(given.roles, name) ? given.roles[name] : undefined
    return role === undefined ? [] : [role]
  })
  const isSame = (text: string): boolean => text.split(':')[0] === resource && text.split(':')[1] === action
  const scopeIn = (text: string): string | undefined => text.split(':')[2]

  for (const denial of mine.flatMap(({ deny }) => deny)) {
    if (!isSame(denial)) continue
    const denied = scopeIn(denial)
    if (denied === undefined || denied === scope || truth[denied] !== false) return false
  }
  if (mine.some(({ allow }) => allow.includes('admin:all'))) return true
  const tokens = given.tokens.filter((token) => token !== 'admin:all' && !token.includes(' '))
  return [...mine.flatMap(({ allow }) => allow), ...tokens].some((grant) => {
    if (!isSame(grant) || grant === 'admin:all') return false
    const granted = scopeIn(grant)
    if (granted === undefined) return true
    if (!given.scopes.includes(granted)) return false
    return (scope === undefined || scope === granted) && truth[granted] === true
  })
}

/** Every way in which a resource can be in scopes. */
export function everyTruth(scopes: readonly string[]): Truth[] {
  return scopes.reduce<Truth[]>(
    (all, scope) =>
      all.flatMap((one) => [true, false, undefined].map((holds) => ({ ...one, [scope]: holds }))),
    [{}],
  )
}
