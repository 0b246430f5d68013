import * as v from 'valibot'

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const DURATION = /^(\d{1,12})(ms|s|m|h|d)$/
const LONGEST = 400 * UNITS.d

/** A length of time: whole milliseconds as a number, or a string such as `'500ms'`, `'30s'`, `'15m'`, `'1h'`, `'7d'`. */
export type Duration = number | string

/** The milliseconds of a {@link Duration}; `NaN` for what is none. */
export function toMilliseconds(input: Duration): number {
  if (typeof input === 'number') return input
  const match = DURATION.exec(input)
  const amount = match?.[1]
  const unit = match?.[2] as keyof typeof UNITS | undefined
  return amount === undefined || unit === undefined ? Number.NaN : Number(amount) * UNITS[unit]
}

/** Schema of a {@link Duration}; its output is milliseconds, at least `minimum` (default 1) and at most 400 days. */
export function duration(minimum = 1): v.GenericSchema<Duration, number> {
  const expects = `whole milliseconds or a string like '30s', '15m', '1h', '7d', from ${minimum} ms to 400 days`
  return v.pipe(
    v.union([v.number(), v.string()], expects),
    v.transform(toMilliseconds),
    v.check((value) => Number.isSafeInteger(value) && value >= minimum && value <= LONGEST, expects),
  )
}
