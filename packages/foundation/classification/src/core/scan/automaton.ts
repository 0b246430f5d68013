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
  /**
   * The next state by the sum of state and class; states are multiples of {@link CLASSES}, 0 is none, and the first is
   * {@link CLASSES} itself.
   */
  readonly next: Uint16Array
  /** From this state on, shapes end in all of them. */
  readonly firstAccepting: number
  /** The shapes that end in a state, by their index. */
  readonly accepted: ReadonlyMap<number, readonly number[]>
}

interface Node {
  readonly row: (Node | undefined)[]
  readonly ending: readonly number[]
}

/** All nodes, those first in which no shape ends. */
function inOrder(nodes: readonly Node[]): readonly Node[] {
  return [
    ...nodes.filter(({ ending }) => ending.length === 0),
    ...nodes.filter(({ ending }) => ending.length > 0),
  ]
}

/** Compiles shapes by the construction of subsets. */
export function compile(shapes: readonly string[]): Automaton {
  const parsed = shapes.map(parseShape)
  const nodes: Node[] = []
  const known = new Map<string, Node>()

  /** All shapes that are alive are at the same place, since none has parts that may be left out. */
  function nodeOf(alive: readonly number[], depth: number): Node {
    const key = `${depth}:${alive.join()}`
    const found = known.get(key)
    if (found !== undefined) return found
    const row: (Node | undefined)[] = []
    const node = { row, ending: alive.filter((shape) => parsed[shape]?.length === depth) }
    known.set(key, node)
    nodes.push(node)
    for (let kind = 1; kind < CLASSES; kind++) {
      const left = alive.filter((shape) => parsed[shape]?.[depth]?.includes(kind) ?? false)
      if (left.length > 0) row[kind] = nodeOf(left, depth + 1)
    }
    return node
  }

  nodeOf([...parsed.keys()], 0)
  const ordered = inOrder(nodes)
  const states = new Map(ordered.map((node, index) => [node, (index + 1) * CLASSES]))
  const next = new Uint16Array((ordered.length + 1) * CLASSES)
  const accepted = new Map<number, readonly number[]>()
  for (const [node, state] of states) {
    for (const [kind, following] of node.row.entries())
      if (following !== undefined) next[state + kind] = states.get(following) ?? 0
    if (node.ending.length > 0) accepted.set(state, node.ending)
  }
  const firstAccepting = Math.min(...accepted.keys())
  return { next, firstAccepting, accepted }
}
