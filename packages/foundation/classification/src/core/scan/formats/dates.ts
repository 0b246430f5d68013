import { isDay, number } from '../checksums.ts'
import type { Values } from '../checksums.ts'

/** Whether six digits from `from` are year, month and day. Months of some kinds are raised to say more. */
export function isYmd(values: Values, from: number, month = number(values, from + 2, from + 4)): boolean {
  return isDay(month, number(values, from + 4, from + 6))
}

/** Whether six digits from `from` are day, month and year. Days of some kinds are raised to say more. */
export function isDmy(values: Values, from: number, day = number(values, from, from + 2)): boolean {
  return isDay(number(values, from + 2, from + 4), day)
}

/** Whether a year is one in which somebody who lives was born. */
export function isYear(year: number): boolean {
  return year >= 1900 && year <= 2099
}

/** Whether six to eight digits are a date of birth, the year first or last, and then day and month either way. */
export function isBirthDate(values: Values, count: number): boolean {
  if (count === 8 && isYear(number(values, 0, 4)) && isYmd(values, 2)) return true
  if (!isYear(number(values, count - 4, count))) return false
  // Day or month may have one digit, and it is not known which.
  for (let middle = 1; middle < count - 4; middle++) {
    const [first, second] = [number(values, 0, middle), number(values, middle, count - 4)]
    if (isDay(second, first) || isDay(first, second)) return true
  }
  return false
}
