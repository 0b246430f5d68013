/** The flaw: somebody without a user id is nobody's to limit. */
export function limitKnownUsers(quota: number): (user: string | undefined) => boolean {
  const counts = new Map<string, number>()
  return (user) => {
    if (user === undefined) return true
    const count = (counts.get(user) ?? 0) + 1
    counts.set(user, count)
    return count <= quota
  }
}
