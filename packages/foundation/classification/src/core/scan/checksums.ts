/** The values of a candidate: digits as themselves, letters from A = 10. Only the first `count` belong to it. */
export type Values = Uint8Array

/** One value, 0 where there is none. */
export function at(values: Values, index: number): number {
  return values[index] ?? 0
}

/** The number that digits from `from` to before `to` write. */
export function number(values: Values, from: number, to: number): number {
  let result = 0
  for (let index = from; index < to; index++) result = result * 10 + at(values, index)
  return result
}

/** Luhn's check digit (ISO/IEC 7812-1, annex B) of `count` digits from `from`. */
export function luhn(values: Values, count: number, from = 0, start = 0): boolean {
  let sum = start
  for (let index = count - 1, twice = false; index >= from; index--, twice = !twice) {
    const digit = at(values, index)
    sum += twice ? digit * 2 - (digit > 4 ? 9 : 0) : digit
  }
  return sum % 10 === 0
}

/** The sum of values times weights, from the first. */
export function weighted(values: Values, weights: readonly number[], from = 0): number {
  let sum = 0
  for (let index = 0; index < weights.length; index++) sum += at(values, from + index) * (weights[index] ?? 0)
  return sum
}

/** ISO/IEC 7064 mod 11,10. */
export function mod1110(values: Values, count: number): boolean {
  let product = 10
  for (let index = 0; index < count - 1; index++) {
    const sum = (product + at(values, index)) % 10
    product = ((sum === 0 ? 10 : sum) * 2) % 11
  }
  return (11 - product) % 10 === at(values, count - 1)
}

const DIHEDRAL = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
].map((row) => Array.from(row, Number))
const PERMUTED = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
].map((row) => Array.from(row, Number))

/** Verhoeff's check digit: arithmetic of the dihedral group of the pentagon. */
export function verhoeff(values: Values, count: number): boolean {
  let check = 0
  for (let index = 0; index < count; index++) {
    const permuted = PERMUTED[index % 8]?.[at(values, count - 1 - index)] ?? 0
    check = DIHEDRAL[check]?.[permuted] ?? 0
  }
  return check === 0
}

/** Whether all of the digits are the same: they pass many a check and are nobody's. */
export function isUniform(values: Values, count: number): boolean {
  for (let index = 1; index < count; index++) if (values[index] !== values[0]) return false
  return true
}

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Whether there is such a day in a year that may be a leap year. */
export function isDay(month: number, day: number): boolean {
  return day >= 1 && day <= (DAYS[month - 1] ?? 0)
}

/** The value that a letter counts from A = 10. */
export function letter(char: string): number {
  return char.charCodeAt(0) - 55
}

/** Whether a value is one of these letters or digits. */
export function isOneOf(value: number, chars: string): boolean {
  return chars.includes(charOf(value))
}

/** The letter or digit of a value. */
export function charOf(value: number): string {
  return value < 10 ? String(value) : String.fromCharCode(value + 55)
}
