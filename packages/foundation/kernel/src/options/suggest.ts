/**
 * Optimal string alignment distance (insertions, deletions, substitutions, swaps of neighbours), capped.
 * Bounded: names longer than 64 characters are never compared.
 *
 * @returns the distance, or `limit + 1` when it is larger than `limit`
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit || a.length > 64 || b.length > 64) return limit + 1
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = a[row - 1] === b[column - 1] ? 0 : 1
      let best = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + substitution,
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1)
      }
      current.push(best)
    }
    beforePrevious = previous
    previous = current
  }
  return Math.min(previous[b.length] ?? 0, limit + 1)
}

/** The nearest of `names` to a mistyped one, or `undefined` when none is near enough to be meant. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const limit = typed.length <= 4 ? 1 : Math.min(3, Math.ceil(typed.length / 3))
  let best: string | undefined
  let bestDistance = limit + 1
  for (const name of names) {
    const distance = editDistance(typed.toLowerCase(), name.toLowerCase(), limit)
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}
