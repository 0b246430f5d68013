import type { GraphQLResolveInfo } from 'graphql'
import type { CostedField } from '../costed.ts'

type Path = GraphQLResolveInfo['path']

interface Step {
  multiplier: number
  readonly below: Map<string, Step>
}

const step = (): Step => ({ multiplier: 1, below: new Map() })

/** Multiplies what is counted by the multipliers of the fields above. */
export class Factors {
  readonly #root = step()

  /** The factor of a field that is being called: its own multiplier and those of all fields above it. */
  of(field: CostedField, path: Path): number {
    const names: string[] = []
    for (let at: Path | undefined = path; at !== undefined; at = at.prev) {
      // Engines that tell no type of the object have the response name alone.
      if (typeof at.key === 'string') names.push(`${at.typename ?? ''}.${at.key}`)
    }
    let factor = 1
    let at = this.#root
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      let next = at.below.get(name)
      if (next === undefined) at.below.set(name, (next = step()))
      if (names.length === 0) next.multiplier = field.multiplier
      factor *= next.multiplier
      at = next
    }
    return factor
  }
}
