import { CLASSES, CLOSE, DASH, DIGIT, DOT, LETTER, OPEN, PLUS, SLASH, SPACE } from './characters.ts'

const SIGNS: Readonly<Record<string, readonly number[]>> = {
  d: [DIGIT],
  A: [LETTER],
  X: [DIGIT, LETTER],
  ' ': [SPACE],
  '-': [DASH],
  '.': [DOT],
  '/': [SLASH],
  '(': [OPEN],
  ')': [CLOSE],
  '+': [PLUS],
}

/** The classes that a shape takes, place by place. */
function parseShape(shape: string): readonly (readonly number[])[] {
  return Array.from(shape.matchAll(/(?<sign>[^0-9])(?<times>[0-9]*)/g)).flatMap(({ groups = {} }) => {
    const classes = SIGNS[groups['sign'] ?? '']
    if (classes === undefined) throw new Error(`No shape: ${shape}`)
    return Array.from({ length: Number(groups['times'] || '1') }, () => classes)
  })
}

/** All shapes at once: a deterministic automaton without cycles, so that a run ends after its longest shape. */
export interface Automaton {
  /** The next state by `state * CLASSES + class`; 0 is none, 1 the first. */
  readonly next: Uint16Array
  /** The shapes that end in a state, by their index; `undefined` where none does. */
  readonly accepted: readonly (readonly number[] | undefined)[]
}

/** Compiles shapes by the construction of subsets. */
export function compile(shapes: readonly string[]): Automaton {
  const parsed = shapes.map(parseShape)
  const rows: number[][] = [[]]
  const accepted: (readonly number[] | undefined)[] = [undefined]
  const known = new Map<string, number>()
  const waiting: { readonly state: number; readonly depth: number; readonly alive: readonly number[] }[] = []

  /** All shapes that are alive are at the same place, since none has parts that may be left out. */
  function stateOf(alive: readonly number[], depth: number): number {
    const key = `${depth}:${alive.join()}`
    const found = known.get(key)
    if (found !== undefined) return found
    const state = rows.length
    known.set(key, state)
    rows.push(Array.from({ length: CLASSES }, () => 0))
    const ending = alive.filter((shape) => parsed[shape]?.length === depth)
    accepted.push(ending.length === 0 ? undefined : ending)
    waiting.push({ state, depth, alive })
    return state
  }

  stateOf([...parsed.keys()], 0)
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const { state, depth, alive } = one
    for (let kind = 1; kind < CLASSES; kind++) {
      const left = alive.filter((shape) => parsed[shape]?.[depth]?.includes(kind) ?? false)
      const row = rows[state]
      if (left.length > 0 && row !== undefined) row[kind] = stateOf(left, depth + 1)
    }
  }
  const next = new Uint16Array(rows.length * CLASSES)
  for (const [state, row] of rows.entries()) next.set(row, state * CLASSES)
  return { next, accepted }
}
