/** The flaw: whatever is shorter than what is hidden is shown whole. */
export function lastFour(value: string): string {
  return `***-**-${value.slice(-4)}`
}

/** The flaw: a card number has four groups of four digits, so all that stands before the last group is cut by place. */
export function maskCardByPlace(value: string): string {
  return value.length === 16 ? `****-****-****-${value.slice(12)}` : value
}

/** The flaw: only the top level is looked at, and only keys that are spelt just so. */
export function maskTopLevel(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = ['password', 'ssn', 'credit_card']
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, names.includes(key) ? '***' : value]),
  )
}

/** The flaw: one datum has two fields, and whoever forgets which is which hands out the wrong one. */
export function withMaskedTwin(user: { readonly ssn: string }): {
  readonly ssn: string
  readonly ssn_masked: string
} {
  return { ...user, ssn_masked: user.ssn }
}
