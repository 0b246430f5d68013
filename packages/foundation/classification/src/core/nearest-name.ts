/** The pairs of neighbouring characters of a name, in one case and without signs. */
function pairsOf(name: string): ReadonlySet<string> {
  const plain = ` ${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, ' ')} `
  return new Set(Array.from({ length: plain.length - 1 }, (_, index) => plain.slice(index, index + 2)))
}

/** How alike two names are, from 0 to 1 (Dice's coefficient of their pairs). */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((pair) => b.has(pair)).length
  return (2 * shared) / (a.size + b.size)
}

const LEAST = 0.4

/** The one of `names` that a mistyped one is most like, or `undefined` where none is like it. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const pairs = pairsOf(typed)
  const rated = names.map((name) => ({ name, rate: likeness(pairs, pairsOf(name)) }))
  const best = rated.reduce((a, b) => (b.rate > a.rate ? b : a))
  return best.rate >= LEAST ? best.name : undefined
}
