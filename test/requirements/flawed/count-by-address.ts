/** The flaw: attempts to sign in are counted by address alone, whatever the account and however they end. */
export function countByAddress(quota: number): (address: string) => boolean {
  const counts = new Map<string, number>()
  return (address) => {
    const count = (counts.get(address) ?? 0) + 1
    counts.set(address, count)
    return count <= quota
  }
}
