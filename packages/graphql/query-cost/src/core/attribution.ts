import { times } from './arithmetic.ts'
import type { CostVector } from './cost-vector.ts'
import type { Calculator } from './formula/calculator.ts'
import type { Trace, TracedField } from './trace.ts'
import type { Coordinate } from './types.ts'

/** Where in an answer something costs. */
export interface Place {
  /** Response names from the root on, with dots between. */
  readonly path: string
  readonly coordinate: Coordinate
  readonly size: number
}

/** A place with what it costs so far. */
export interface Attributed extends Place {
  type: number
  field: number
  /** Introspection, in raw units. */
  meta: number
  /** Type and field cost as far as they are in the price. */
  joint: number
}

/** How often each measure of a cost counts. */
interface Share {
  readonly type: number
  readonly field: number
  readonly meta: number
  readonly joint: number
}

const MEASURES = ['type', 'field', 'meta', 'joint'] as const

/** Nothing, as a share and as what a place costs. */
export const NO_SHARE = Object.freeze({ type: 0, field: 0, meta: 0, joint: 0 })

/** Places looked at before the rest of each subtree counts as its root: documents can lead to more than anybody reads. */
const MOST_VISITS = 2_000

/** Divides a traced cost among the places of the answer. */
export class Attribution {
  readonly #trace: Trace
  readonly #calculator: Calculator
  readonly #parts = new Map<string, Attributed>()
  #visits = 0

  constructor(trace: Trace, calculator: Calculator) {
    this.#trace = trace
    this.#calculator = calculator
  }

  /** The parts, in the order in which they were met. */
  parts(): readonly Attributed[] {
    return [...this.#parts.values()]
  }

  /** The part of a place. */
  part(place: Place): Attributed {
    const key = `${place.path} ${place.coordinate}`
    let part = this.#parts.get(key)
    if (part === undefined) this.#parts.set(key, (part = { ...place, ...NO_SHARE }))
    return part
  }

  /** Divides the shares of a cost: to its place what is its own, to the places below what is theirs. */
  add(cost: Readonly<CostVector>, place: Place, share: Share): void {
    if (MEASURES.every((measure) => share[measure] === 0)) return
    const origin = this.#trace.of(cost)
    if (origin === undefined || ++this.#visits > MOST_VISITS) {
      const part = this.part(place)
      for (const measure of MEASURES) part[measure] += times(share[measure], this.#read(cost, measure))
    } else if ('alternatives' in origin) {
      this.#addDearest(origin.alternatives, place, share)
    } else {
      const part = this.part(place)
      part.type += times(share.type, origin.type.weight)
      part.joint += times(share.joint, origin.type.weight)
      for (const field of origin.fields) this.#addField(field, place, share)
    }
  }

  /** The dearest type may be another one for each measure. */
  #addDearest(alternatives: readonly Readonly<CostVector>[], place: Place, share: Share): void {
    const shares = new Map<Readonly<CostVector>, Share>()
    for (const measure of MEASURES) {
      const dearest = this.#dearest(alternatives, measure)
      if (dearest === undefined) continue
      shares.set(dearest, { ...(shares.get(dearest) ?? NO_SHARE), [measure]: share[measure] })
    }
    for (const [one, its] of shares) this.add(one, place, its)
  }

  #dearest(
    alternatives: readonly Readonly<CostVector>[],
    measure: keyof CostVector,
  ): Readonly<CostVector> | undefined {
    let dearest = alternatives[0]
    for (const one of alternatives) {
      if (dearest === undefined) break
      if (this.#read(one, measure) > this.#read(dearest, measure)) dearest = one
    }
    return dearest
  }

  #read(cost: Readonly<CostVector>, measure: keyof CostVector): number {
    const value = cost[measure]
    return value === null
      ? this.#calculator.read(cost.type) + this.#calculator.read(cost.field)
      : this.#calculator.read(value)
  }

  #addField({ name, field, own, size, value }: TracedField, above: Place, share: Share): void {
    const length = this.#calculator.read(size)
    const place = {
      path: above.path === '' ? name : `${above.path}.${name}`,
      coordinate: field.coordinate,
      size: length,
    }
    const call = this.#calculator.read(own)
    const of = (measure: keyof Share): number => times(share[measure], field.multiplier)
    if (field.introspection) {
      this.part(place).meta += times(of('meta'), call + times(length, this.#sum(value)))
      return
    }
    if (value === null) {
      const part = this.part(place)
      const leaves = times(length, field.leafWeight)
      part.type += times(of('type'), leaves)
      part.field += times(of('field'), call)
      part.joint += times(of('joint'), leaves + call)
      return
    }
    const part = this.part(place)
    part.field += times(of('field'), call)
    part.joint += times(of('joint'), call)
    const below = {
      type: times(of('type'), length),
      field: times(of('field'), length),
      meta: times(of('meta'), length),
      joint: times(of('joint'), length),
    }
    this.add(value, place, below)
  }

  #sum(cost: Readonly<CostVector> | null): number {
    if (cost === null) return 0
    return this.#read(cost, 'joint') + this.#read(cost, 'meta')
  }
}
