/** A rule as it is written down. */
export interface Rule {
  readonly requests: number
  readonly windowMs: number
  readonly strategy: 'fixed' | 'sliding' | 'bucket'
  readonly burst?: number
}

/** The flaw: a rule may name a strategy and a burst, but the only code that counts never reads them. */
export function limiterOf({ requests, windowMs }: Rule): (now: number) => boolean {
  let opened = 0
  let count = 0
  return (now) => {
    if (now - opened >= windowMs) [opened, count] = [now, 0]
    count += 1
    return count <= requests
  }
}
