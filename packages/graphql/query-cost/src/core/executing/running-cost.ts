import type { GraphQLResolveInfo } from 'graphql'
import { leavesOf } from '../actual/leaves.ts'
import type { CostedField, CostedSchema } from '../costed.ts'
import type { ActualCost } from '../types.ts'
import { Factors } from './factors.ts'
import { OwnCosts } from './own-costs.ts'

/** What is counted. */
type Counted = Pick<ActualCost, 'typeCost' | 'fieldCost' | 'introspectionCost'>

/** Most that may be counted; `Infinity` where there is no limit. */
export interface RunningLimits {
  readonly cost: number
  readonly typeCost: number
  readonly fieldCost: number
}

/** Of the types that a field's objects may have. */
interface Weights {
  readonly heaviest: number
  readonly lightest: number
}

const total = ({ typeCost, fieldCost, introspectionCost }: Counted): number =>
  typeCost + fieldCost + introspectionCost

/**
 * Counts what the operations of one request cost while their resolvers run: each call, and each object, scalar and enum
 * that it returns. An object of an interface or union counts as the heaviest of its types, and a promise in a list as
 * an object, since both are known later.
 */
export class RunningCost {
  readonly #limits: RunningLimits
  readonly #factors: Factors | undefined
  readonly #executions = new WeakMap<object, OwnCosts>()
  #typeCost = 0
  /** What less it may be, where the type of an object is not known yet. */
  #doubt = 0
  #fieldCost = 0
  #introspectionCost = 0
  #approximate = false
  #start: Counted = { typeCost: 0, fieldCost: 0, introspectionCost: 0 }

  /** `multiplied` tells whether fields have multipliers, which have to be looked for. */
  constructor(limits: RunningLimits, multiplied: boolean) {
    this.#limits = limits
    this.#factors = multiplied ? new Factors() : undefined
  }

  /** Adds what operations cost before their first resolver runs. */
  start(cost: Counted): void {
    this.#start = {
      typeCost: this.#start.typeCost + cost.typeCost,
      fieldCost: this.#start.fieldCost + cost.fieldCost,
      introspectionCost: this.#start.introspectionCost + cost.introspectionCost,
    }
    this.#typeCost += cost.typeCost
    this.#fieldCost += cost.fieldCost
    this.#introspectionCost += cost.introspectionCost
  }

  /** The name of the limit that was passed, if one was. */
  get passed(): keyof RunningLimits | undefined {
    const { cost, typeCost, fieldCost } = this.#limits
    // The heaviest type and the dearest fields may be those of different types, which the estimate does not add up.
    if (this.#typeCost - this.#doubt + this.#fieldCost + this.#introspectionCost > cost) return 'cost'
    if (this.#typeCost > typeCost) return 'typeCost'
    return this.#fieldCost > fieldCost ? 'fieldCost' : undefined
  }

  /** What was counted so far. */
  get actual(): ActualCost {
    const counted = {
      typeCost: this.#typeCost,
      fieldCost: this.#fieldCost,
      introspectionCost: this.#introspectionCost,
    }
    return { cost: total(counted), ...counted, approximate: this.#approximate }
  }

  /**
   * Counts a call that is about to be made.
   *
   * @returns the factor with which its result counts
   */
  call(costed: CostedSchema, field: CostedField, info: GraphQLResolveInfo): number {
    const { operation, path, fieldNodes } = info
    // Each event of a subscription is an execution of its own.
    if (operation.operation === 'subscription' && path.prev === undefined) this.#restart()
    const factor = this.#factors?.of(field, path) ?? 1
    const own = this.#ownCosts(costed, info).of(field, fieldNodes)
    if (own > 0) this.#fieldCost += own * factor
    return factor
  }

  /** Counts what a call returned. */
  result(field: CostedField, value: unknown, factor: number): void {
    const { heaviest, lightest } = this.#weightsOf(field)
    if (heaviest === 0 || factor === 0) return
    const count = factor * leavesOf(field, value)
    this.#typeCost += heaviest * count
    if (lightest < heaviest) this.#doubt += (heaviest - lightest) * count
  }

  #restart(): void {
    this.#typeCost = this.#start.typeCost
    this.#doubt = 0
    this.#fieldCost = this.#start.fieldCost
    this.#introspectionCost = this.#start.introspectionCost
  }

  #weightsOf({ composite, leafWeight }: CostedField): Weights {
    if (composite === null) return { heaviest: leafWeight, lightest: leafWeight }
    const [first, ...others] = composite.possible
    if (first === undefined) return { heaviest: 0, lightest: 0 }
    let heaviest = first.weight
    let lightest = first.weight
    for (const { weight } of others) {
      heaviest = Math.max(heaviest, weight)
      lightest = Math.min(lightest, weight)
    }
    if (lightest < heaviest) this.#approximate = true
    return { heaviest, lightest }
  }

  #ownCosts(costed: CostedSchema, info: GraphQLResolveInfo): OwnCosts {
    // Each execution coerces the variables anew, so they tell it from another one of the same document.
    const key: object = info.variableValues ?? info.operation
    let costs = this.#executions.get(key)
    if (costs === undefined) this.#executions.set(key, (costs = new OwnCosts(costed, info)))
    return costs
  }
}
