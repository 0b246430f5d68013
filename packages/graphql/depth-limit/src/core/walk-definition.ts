import { Kind } from 'graphql'
import type {
  FieldNode,
  FragmentSpreadNode,
  InlineFragmentNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql'
import { isLeftOut, readsVariable } from './conditions.ts'
import type { Variables } from './conditions.ts'
import type { FieldFacts, SchemaFacts, TypeFacts } from './field-facts.ts'
import type { Summed } from './sum-fragments.ts'

/** Fields from a place up to the root of its definition, as numbers of families. */
export interface Path {
  readonly family: number
  readonly above: Path | undefined
}

/** A place in a definition: what is around it. */
interface Place {
  /** The number of the selection set in its definition, inline fragments being part of the one around them; the root is 0. */
  readonly set: number
  readonly depth: number
  readonly lists: number
  /** Levels since `__schema` or `__type`, or 0 outside of introspection. */
  readonly introspection: number
  readonly path: Path | undefined
  /** Undefined where the schema is not known or has no such field. */
  readonly type: TypeFacts | undefined
}

/** A fragment that is spread at a place. */
export interface Spread {
  readonly name: string
  readonly at: Place
  /** An executor collects its fields however often they were collected in the set before. */
  readonly isRepeated: boolean
  /** The fragment once it is walked; none where the document has no such fragment. */
  fragment: Walked | undefined
}

/** What an operation or a fragment measures without the fragments it spreads. */
export interface Walked {
  /** Selection sets of fields. */
  sets: number
  depth: number
  listDepth: number
  introspectionDepth: number
  introspectionListDepth: number
  aliases: number
  directives: number
  selections: number
  /** How often fields of a family stand on one path, at most. */
  readonly repeats: Map<number, number>
  readonly spreads: Spread[]
  /** A condition was read that another request may answer otherwise. */
  dependsOnVariables: boolean
  /** Whether what it spreads was put in order: not yet, in this moment, or already. */
  order: 'none' | 'open' | 'done'
  /** What it counts together with its fragments. */
  summed: Summed | undefined
}

/** How often a family stands on a path. */
export function timesOn(path: Path | undefined, family: number): number {
  let times = 0
  for (let step = path; step !== undefined; step = step.above) if (step.family === family) times += 1
  return times
}

/** Walks one definition once, without recursion. */
export function walkDefinition(
  set: SelectionSetNode,
  type: TypeFacts | undefined,
  schema: SchemaFacts | undefined,
  variables: Variables,
): Walked {
  const walked: Walked = {
    sets: 0,
    depth: 0,
    listDepth: 0,
    introspectionDepth: 0,
    introspectionListDepth: 0,
    aliases: 0,
    directives: 0,
    selections: 0,
    repeats: new Map(),
    spreads: [],
    dependsOnVariables: false,
    order: 'none',
    summed: undefined,
  }
  const sets = [set]
  const places: Place[] = [{ set: 0, depth: 0, lists: 0, introspection: 0, path: undefined, type }]
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { selections } = sets.pop() as SelectionSetNode
    for (const selection of selections) {
      if (passesOver(selection, walked, variables)) continue
      if (selection.kind === Kind.FIELD) {
        const below = enterField(selection, place, walked)
        if (below === undefined || selection.selectionSet === undefined) continue
        sets.push(selection.selectionSet)
        places.push(below)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        sets.push(selection.selectionSet)
        places.push(narrowed(place, selection, schema))
      } else {
        walked.spreads.push(spreadAt(selection, place))
      }
    }
  }
  return walked
}

function spreadAt({ name, directives }: FragmentSpreadNode, at: Place): Spread {
  // What is deferred is collected each time.
  const isRepeated =
    directives?.some((one) => one.name.value !== 'skip' && one.name.value !== 'include') === true
  return { name: name.value, at, isRepeated, fragment: undefined }
}

function narrowed(
  place: Place,
  { typeCondition }: InlineFragmentNode,
  schema: SchemaFacts | undefined,
): Place {
  return schema === undefined || typeCondition === undefined
    ? place
    : { ...place, type: schema.types.get(typeCondition.name.value) }
}

/** Counts directives, and says whether they leave the selection out. */
function passesOver(selection: SelectionNode, walked: Walked, variables: Variables): boolean {
  const directives = selection.directives
  if (directives === undefined || directives.length === 0) return false
  walked.directives += directives.length
  walked.dependsOnVariables ||= directives.some(readsVariable)
  return isLeftOut(selection, variables)
}

/** Counts a field; answers the place below it, where it has fields below. */
function enterField(field: FieldNode, place: Place, walked: Walked): Place | undefined {
  const { alias, name, selectionSet } = field
  walked.selections += 1
  if (alias !== undefined && alias.value !== name.value) walked.aliases += 1
  if (place.introspection > 0 || name.value === '__schema' || name.value === '__type') {
    return enterIntrospection(name.value, place, walked)
  }
  const depth = place.depth + 1
  if (depth > walked.depth) walked.depth = depth
  if (selectionSet === undefined) return undefined
  const facts = place.type?.fields.get(name.value)
  if (facts === undefined) return { ...place, set: ++walked.sets, depth, type: undefined }
  return enterComposite(facts, place, depth, walked)
}

function enterComposite(facts: FieldFacts, place: Place, depth: number, walked: Walked): Place {
  const lists = place.lists + facts.lists
  if (lists > walked.listDepth) walked.listDepth = lists
  const times = timesOn(place.path, facts.family) + 1
  if (times > (walked.repeats.get(facts.family) ?? 0)) walked.repeats.set(facts.family, times)
  const path = { family: facts.family, above: place.path }
  return { set: ++walked.sets, depth, lists, introspection: 0, path, type: facts.type }
}

function enterIntrospection(name: string, place: Place, walked: Walked): Place {
  const introspection = place.introspection + 1
  if (introspection > walked.introspectionDepth) walked.introspectionDepth = introspection
  const facts = place.type?.fields.get(name)
  const lists = (place.introspection === 0 ? 0 : place.lists) + (facts?.lists ?? 0)
  if (lists > walked.introspectionListDepth) walked.introspectionListDepth = lists
  const set = ++walked.sets
  return { set, depth: place.depth, lists, introspection, path: undefined, type: facts?.type }
}
