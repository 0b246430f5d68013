/** A sum of products for people to read: coefficients by the names that are multiplied, sorted and joined by `·`. */
export type Polynomial = ReadonlyMap<string, number>

/** More terms, or names that are multiplied in one, tell a reader nothing. */
const MOST_TERMS = 24
const MOST_NAMES = 8

/** Joins the names of a product; no name contains it. */
const TIMES = '·'

/** A number. */
export const constant = (value: number): Polynomial => new Map(value === 0 ? [] : [['', value]])

/** One name, such as `$first`. */
export const named = (name: string): Polynomial => new Map([[name, 1]])

/** The sum, or undefined where it is too long to read. */
export function sum(a: Polynomial, b: Polynomial): Polynomial | undefined {
  const terms = new Map(a)
  for (const [names, factor] of b) {
    const total = (terms.get(names) ?? 0) + factor
    if (total === 0) terms.delete(names)
    else terms.set(names, total)
  }
  return terms.size > MOST_TERMS ? undefined : terms
}

/** The product, or undefined where it is too long to read. */
export function product(a: Polynomial, b: Polynomial): Polynomial | undefined {
  let terms: Polynomial | undefined = new Map()
  for (const [left, factor] of a) {
    for (const [right, other] of b) {
      const names = [left, right].flatMap((one) => (one === '' ? [] : one.split(TIMES))).toSorted()
      if (names.length > MOST_NAMES) return undefined
      terms = sum(terms, new Map([[names.join(TIMES), factor * other]]))
      if (terms === undefined) return undefined
    }
  }
  return terms
}

/** True where `a` is at least `b` whatever the names stand for, as long as that is at least 0. */
export function covers(a: Polynomial, b: Polynomial): boolean {
  for (const names of new Set([...a.keys(), ...b.keys()])) {
    if ((a.get(names) ?? 0) < (b.get(names) ?? 0)) return false
  }
  return true
}

/** As people write it: `2 + 3·$first`, shorter products first. */
export function textOf(polynomial: Polynomial): string {
  const degree = (names: string): number => (names === '' ? 0 : names.split(TIMES).length)
  const terms = [...polynomial].sort(([a], [b]) => degree(a) - degree(b) || (a < b ? -1 : 1))
  let text = ''
  for (const [names, factor] of terms) {
    const sign = factor < 0 ? '-' : '+'
    text += text === '' ? (factor < 0 ? '-' : '') : ` ${sign} `
    text += termText(names, Math.abs(factor))
  }
  return text === '' ? '0' : text
}

function termText(names: string, factor: number): string {
  const number = factor === Infinity ? '∞' : String(Number(factor.toPrecision(12)))
  if (names === '') return number
  return factor === 1 ? names : `${number}${TIMES}${names}`
}
