import { Kind, visit, type DocumentNode, type SelectionSetNode } from 'graphql'
import { add, addField, raiseTo, zero, type CostVector } from '../cost-vector.ts'
import type { CostedComposite, CostedObject } from '../costed.ts'
import { MAX_NESTING } from '../exact.ts'
import { Algebra } from '../formula/expression.ts'
import type { Meter } from '../meter.ts'
import { ABSENT, ownProperty } from '../values.ts'
import { leavesOf } from './leaves.ts'
import type { ObjectPlan, ObjectPlans, PlannedField } from './object-plan.ts'

/** What a walk needs to know. */
export interface AnswerContext {
  readonly plans: ObjectPlans
  readonly types: ReadonlyMap<string, CostedComposite>
  readonly document: DocumentNode
  readonly meter: Meter
  /** Steps that may be spent on objects whose type the answer does not tell. */
  readonly budget: number
}

/** Whether a document answers `__typename` with another field: then it proves nothing. */
function misnamesTypename(document: DocumentNode): boolean {
  let found = false
  visit(document, {
    [Kind.FIELD]({ alias, name }) {
      if (alias?.value === '__typename' && name.value !== '__typename') found = true
    },
  })
  return found
}

/** Adds up what an answer holds. Time is linear in the answer, but for objects of an unknown type, which have a budget. */
export class AnswerWalk {
  /** Set where an object may be of several types: the dearest of those that fit counts. */
  guessed = false
  /** Set when the budget was spent or the answer is nested too deep: the result is then worthless. */
  spent = false
  readonly #context: AnswerContext
  // Knows numbers alone, so it remembers nothing.
  readonly #algebra = new Algebra()
  #guesses = 0
  #budget: number
  #misnamed: boolean | undefined

  constructor(context: AnswerContext) {
    this.#context = context
    this.#budget = context.budget
  }

  /** What one value of a composite type costs: an object, a list of them, or null, which costs nothing. */
  value(value: unknown, type: CostedComposite, sets: readonly SelectionSetNode[], nesting = 0): CostVector {
    if (value === null || value === undefined || this.spent) return zero()
    if (nesting > MAX_NESTING) this.spent = true
    // What is no object where one belongs counts as one that holds nothing.
    if (typeof value !== 'object') return this.#object({}, type, sets, nesting)
    if (!Array.isArray(value)) return this.#object(value, type, sets, nesting)
    const sum = zero()
    for (const item of value as readonly unknown[])
      add(this.#algebra, sum, this.value(item, type, sets, nesting + 1))
    return sum
  }

  #object(
    value: object,
    type: CostedComposite,
    sets: readonly SelectionSetNode[],
    nesting: number,
  ): CostVector {
    const types = this.#typesOf(value, type, sets)
    const [only] = types
    if (types.length === 1 && only !== undefined) return this.#ofType(value, only, sets, nesting)
    this.guessed = true
    this.#guesses++
    const dearest = zero()
    for (const one of types) raiseTo(this.#algebra, dearest, this.#ofType(value, one, sets, nesting))
    this.#guesses--
    return dearest
  }

  #ofType(value: object, type: CostedObject, sets: readonly SelectionSetNode[], nesting: number): CostVector {
    const { plans, meter } = this.#context
    const { fields } = plans.of(sets, type)
    meter.steps += 1 + fields.length
    if (this.#guesses > 0) this.#spend(1 + fields.length)
    const sum = { ...zero(), type: type.weight }
    for (const planned of fields) {
      const answered = ownProperty(value, planned.name)
      const below = this.#below(planned, answered === ABSENT ? null : answered, nesting)
      addField(this.#algebra, sum, planned.field, planned.own, below, 1)
    }
    return sum
  }

  #below({ field, sets }: PlannedField, value: unknown, nesting: number): CostVector {
    if (field.composite !== null) return this.value(value, field.composite, sets, nesting + 1)
    if (field.leafWeight === 0) return zero()
    return { ...zero(), type: field.leafWeight * leavesOf(field, value) }
  }

  /** The types an object can be of: the one that it tells, else those whose selections it can be the answer of. */
  #typesOf(value: object, type: CostedComposite, sets: readonly SelectionSetNode[]): readonly CostedObject[] {
    if (type.possible.length === 1) return type.possible
    this.#misnamed ??= misnamesTypename(this.#context.document)
    const told = this.#misnamed ? ABSENT : ownProperty(value, '__typename')
    const [named] = (typeof told === 'string' ? this.#context.types.get(told)?.possible : undefined) ?? []
    if (named !== undefined && named.name === told && named.belongsTo.has(type.name)) return [named]
    const before = this.#context.meter.steps
    const names = Object.keys(value)
    const plans = type.possible.map((one) => this.#context.plans.of(sets, one))
    this.#spend(this.#context.meter.steps - before + plans.length * (1 + names.length))
    const fitting = plans.filter((plan) => holdsNames(plan, names) && agrees(plan, value))
    const complete = fitting.filter((plan) => plan.names.size === names.length)
    const found = [complete, fitting, plans].find((list) => list.length > 0) ?? plans
    return found.map((plan) => plan.type)
  }

  #spend(steps: number): void {
    this.#budget -= steps
    if (this.#budget < 0) this.spent = true
  }
}

const holdsNames = (plan: ObjectPlan, names: readonly string[]): boolean =>
  names.every((name) => plan.names.has(name))

const agrees = ({ typenames, type }: ObjectPlan, value: object): boolean =>
  typenames.every((name) => {
    const told = ownProperty(value, name)
    return told === ABSENT || told === type.name
  })
