import type { SelectionSetNode } from 'graphql'
import type { CostVector } from './cost-vector.ts'
import type { CostedComposite } from './costed.ts'
import { keyOf, NO_SIZES, type PassedSize } from './sizes.ts'

/** What the same selections cost for each type; most are asked for one. */
export class ByType {
  #type: CostedComposite | undefined
  #cost: Readonly<CostVector> | undefined
  #more: Map<CostedComposite, Readonly<CostVector>> | undefined

  get(type: CostedComposite): Readonly<CostVector> | undefined {
    return type === this.#type ? this.#cost : this.#more?.get(type)
  }

  set(type: CostedComposite, cost: Readonly<CostVector>): void {
    if (this.#type === undefined || this.#type === type) {
      this.#type = type
      this.#cost = cost
    } else {
      this.#more ??= new Map()
      this.#more.set(type, cost)
    }
  }
}

/** What was found for selection sets that are executed together, with the sizes that were handed down to them. */
export class Memory {
  readonly #ofOne = new Map<SelectionSetNode, ByType>()
  #ofSeveral: Map<string, ByType> | undefined
  #ids: Map<SelectionSetNode, number> | undefined

  of(sets: readonly SelectionSetNode[], passed: readonly PassedSize[]): ByType {
    const [first] = sets
    if (sets.length === 1 && first !== undefined && passed === NO_SIZES) return getOrAdd(this.#ofOne, first)
    const ids = sets.map((set) => this.#idOf(set)).sort((a, b) => a - b)
    const sizes = passed.map(keyOf).sort()
    this.#ofSeveral ??= new Map()
    return getOrAdd(this.#ofSeveral, `${ids.join()}/${sizes.join()}`)
  }

  #idOf(set: SelectionSetNode): number {
    this.#ids ??= new Map()
    let id = this.#ids.get(set)
    if (id === undefined) this.#ids.set(set, (id = this.#ids.size))
    return id
  }
}

function getOrAdd<Key>(map: Map<Key, ByType>, key: Key): ByType {
  let found = map.get(key)
  if (found === undefined) map.set(key, (found = new ByType()))
  return found
}
