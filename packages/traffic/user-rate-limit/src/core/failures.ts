/** A policy that could not hold: thrown by `definePolicy`, at boot. The message names the property and what it takes. */
export class InvalidPolicy extends TypeError {
  readonly code = 'PORTCULLIS_USER_RATE_LIMIT_INVALID_POLICY'
  override readonly name = 'InvalidPolicy'
}

/** Why an identity can't be a partition of a limit. */
export type IdentityFlaw = 'missing' | 'empty' | 'too-long' | 'no-address' | 'incomplete'

const FLAWS: Readonly<Record<IdentityFlaw, string>> = {
  missing: 'missing',
  empty: 'empty',
  'too-long': 'longer than 1,024 characters',
  'no-address': 'no IP address where one belongs',
  incomplete: 'incomplete',
}

/**
 * An identity that can't be a partition of a limit: `undefined`, not a string, empty, longer than 1,024 characters, no
 * address where one is told, or without a part that the policy counts by. The message never repeats the value.
 */
export class InvalidIdentity extends TypeError {
  readonly code = 'PORTCULLIS_USER_RATE_LIMIT_INVALID_IDENTITY'
  override readonly name = 'InvalidIdentity'
  /** What is wrong with the identity. */
  readonly flaw: IdentityFlaw

  /** @param needs what would complete it */
  constructor(flaw: IdentityFlaw, needs = '') {
    super(`The identity of a rate limit is ${FLAWS[flaw]}.${needs}`)
    this.flaw = flaw
  }
}

/** A cost that is not a whole number of units: costs are safe integers, zero or more. */
export class InvalidCost extends TypeError {
  readonly code = 'PORTCULLIS_USER_RATE_LIMIT_INVALID_COST'
  override readonly name = 'InvalidCost'

  constructor(cost: unknown) {
    super(
      `The cost of a rate-limited call must be a safe integer >= 0, got ${typeof cost === 'number' ? cost : typeof cost}.`,
    )
  }
}

/** A block that could not hold anything off. The message names what is taken and never repeats a value. */
export class InvalidBlock extends TypeError {
  readonly code = 'PORTCULLIS_USER_RATE_LIMIT_INVALID_BLOCK'
  override readonly name = 'InvalidBlock'

  constructor(takes: string) {
    super(`A block takes ${takes}.`)
  }
}
