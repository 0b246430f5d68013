/** A policy that could not hold: thrown by `definePolicy`, at boot. The message names the property and what it takes. */
export class InvalidPolicy extends TypeError {
  readonly code = 'PORTCULLIS_USER_RATE_LIMIT_INVALID_POLICY'
  override readonly name = 'InvalidPolicy'
}

/** Why an identity can't be a partition of a limit. */
export type IdentityFlaw = 'missing' | 'empty' | 'too-long'

/**
 * An identity that can't be a partition of a limit: `undefined`, not a string, empty, or longer than 1,024 characters.
 * The message never repeats the value.
 */
export class InvalidIdentity extends TypeError {
  readonly code = 'PORTCULLIS_USER_RATE_LIMIT_INVALID_IDENTITY'
  override readonly name = 'InvalidIdentity'
  /** What is wrong with the identity. */
  readonly flaw: IdentityFlaw

  constructor(flaw: IdentityFlaw) {
    super(`The identity of a rate limit is ${flaw === 'too-long' ? 'longer than 1,024 characters' : flaw}.`)
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
