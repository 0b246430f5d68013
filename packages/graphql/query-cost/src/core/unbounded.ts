import type { CostedComposite, CostedField } from './costed.ts'
import type { Coordinate } from './types.ts'

/**
 * The lists that only `defaultListSize` bounds, as coordinates: no argument, no assumed size and no field above says
 * how long they get. Lists of what costs nothing are left out; so are the lists of introspection, whose sizes are known.
 *
 * @param sized coordinates of the fields that `sizedFields` lead to
 */
export function unboundedLists(
  composites: Iterable<CostedComposite>,
  sized: ReadonlySet<Coordinate>,
): Coordinate[] {
  const found: Coordinate[] = []
  for (const { name, possible } of composites) {
    const [object] = possible
    if (object === undefined || object.name !== name || name.startsWith('__')) continue
    for (const field of object.fields.values()) {
      const fromAbove = [...object.belongsTo].some((type) => sized.has(`${type}.${field.name}`))
      if (!isBounded(field, fromAbove)) found.push(field.coordinate)
    }
  }
  return found
}

function isBounded(field: CostedField, fromAbove: boolean): boolean {
  if (field.listDepth === 0 || field.introspection) return true
  if (field.composite === null && field.leafWeight === 0) return true
  // A size is that of the outermost list.
  if (field.listDepth > 1) return false
  const own = field.sizings.filter(({ sizedFields }) => sizedFields.length === 0)
  return fromAbove || own.some(({ assumedSize, slicing }) => assumedSize !== undefined || slicing.length > 0)
}
