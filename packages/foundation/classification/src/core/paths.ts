import type { Classified } from './classification.ts'
import { ClassificationError } from './info-types.ts'
import { createMemory } from './memory.ts'
import { readingsOf, wordsOf } from './names.ts'

/** Where in an object of unknown type something stands: under which key, and under which that stands. */
export interface Place {
  readonly key: string
  readonly above: Place | undefined
}

const FEWEST_PARTS = 3
const MOST_PARTS = 16

/**
 * The parts of a path in lower case, the innermost first; `undefined` for a coordinate, a column or a name, which have
 * at most two.
 *
 * @throws ClassificationError for a path with a part that names nothing, or with more than 16
 */
export function pathOf(coordinate: string): readonly string[] | undefined {
  const parts = coordinate.split('.')
  if (parts.length < FEWEST_PARTS) return undefined
  const folded = parts.map((part) => wordsOf(part).join(''))
  if (parts.length > MOST_PARTS || folded.includes(''))
    throw new ClassificationError(
      `'${coordinate.slice(0, 128)}' is no path: write at most ${MOST_PARTS} names, such as order.contact.note.`,
    )
  return folded.toReversed()
}

/** Keys from the innermost out; one that was made of several (`contact.note`, `contact[note]`) as its parts. */
function* keysFrom(place: Place): Generator<string> {
  for (let at: Place | undefined = place; at !== undefined; at = at.above)
    yield* at.key
      .split(/[.[\]]/)
      .filter((part) => part !== '')
      .toReversed()
}

/** Whether a place is where a path leads, from whatever its outermost name stands in. */
function leadsTo(path: readonly string[], place: Place): boolean {
  const keys = keysFrom(place)
  return path.every((part) => {
    const { value, done } = keys.next()
    return done !== true && readingsOf(value).includes(part)
  })
}

/** What was classified by path. */
export interface Paths {
  /** Adds a path; said again, it takes its own place. */
  add(path: readonly string[], classified: Classified): void
  /** What the paths say that lead to a key, what was said last first. */
  at(key: string, above?: Place): readonly Classified[]
}

interface Entry {
  readonly path: readonly string[]
  readonly classified: Classified
}

const NOTHING: readonly never[] = []

/** Creates a set of paths. */
export function createPaths(): Paths {
  const byEnd = new Map<string, readonly Entry[]>()
  const remembered = createMemory<readonly Entry[]>()
  return {
    add(path, classified) {
      const [end = ''] = path
      const others = (byEnd.get(end) ?? []).filter((one) => one.path.join('.') !== path.join('.'))
      byEnd.set(end, [{ path, classified }, ...others])
      remembered.clear()
    },
    at(key, above) {
      if (byEnd.size === 0) return NOTHING
      const ending = remembered.get(key, () => readingsOf(key).flatMap((one) => byEnd.get(one) ?? []))
      if (ending.length === 0) return NOTHING
      return ending.filter(({ path }) => leadsTo(path, { key, above })).map(({ classified }) => classified)
    },
  }
}
