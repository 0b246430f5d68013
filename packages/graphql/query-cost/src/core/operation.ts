import type {
  DirectiveNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionNode,
} from 'graphql'
import { clamp, times } from './arithmetic.ts'
import type { CostedField, CostedSchema, ListSizing, SizedPath, SlicingPath } from './costed.ts'
import { InputCosts, type Meter } from './input-cost.ts'
import type { CostProblem, CostProblemCode } from './types.ts'
import { ABSENT, BAD_SIZE, Literal, NO_SIZE, sizeOf, Variables } from './values.ts'

/** A size that a field passes to a list below it. */
export interface PassedSize {
  readonly path: SizedPath
  readonly size: number
}

/** Most fields pass none: one shared list, so that it can be compared by identity. */
export const NO_SIZES: readonly PassedSize[] = []

/** The fragments of a document by name. */
export function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === 'FragmentDefinition') fragments.set(definition.name.value, definition)
  }
  return fragments
}

/** What is the same for each analysis of one operation with its variables: conditions, own costs and list sizes. */
export class Operation {
  readonly problems: Map<string, CostProblem>
  readonly costed: CostedSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #variables: Variables
  readonly #inputs: InputCosts
  readonly #meter: Meter

  constructor(
    costed: CostedSchema,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    definition: OperationDefinitionNode,
    sent: unknown,
    meter: Meter,
    problems: Map<string, CostProblem>,
  ) {
    this.costed = costed
    this.fragments = fragments
    this.problems = problems
    this.#meter = meter
    this.#variables = new Variables(definition, sent)
    this.#inputs = new InputCosts(this.#variables, meter)
  }

  /** False where `@skip` or `@include` surely leaves the selection out; a condition that is no boolean never does. */
  includes(selection: SelectionNode): boolean {
    const { directives } = selection
    if (directives === undefined || directives.length === 0) return true
    return this.#condition(directives, 'skip') !== true && this.#condition(directives, 'include') !== false
  }

  #condition(directives: readonly DirectiveNode[], name: string): unknown {
    const directive = directives.find((candidate) => candidate.name.value === name)
    const argument = directive?.arguments?.find((candidate) => candidate.name.value === 'if')
    return argument === undefined ? ABSENT : this.#variables.read(argument.value)
  }

  /** Cost of one resolver call: field, directives and arguments, clamped at 0 (section 5.3.2.2). */
  ownCost(field: CostedField, node: FieldNode): number {
    let cost = field.weight
    if (field.inputs.length > 0) cost += this.#inputs.sum(field.inputs, node)
    if (node.directives !== undefined && node.directives.length > 0 && this.costed.directives.size > 0) {
      for (const directive of node.directives) cost += this.#directiveCost(directive)
    }
    return clamp(cost)
  }

  /** A directive never costs less than 0 (section 7.1): clients could repeat one that is a discount. */
  #directiveCost(node: DirectiveNode): number {
    const directive = this.costed.directives.get(node.name.value)
    return directive === undefined ? 0 : clamp(directive.weight + this.#inputs.sum(directive.inputs, node))
  }

  /** How many values the field can return, with what its parents pass down. */
  listSize(field: CostedField, node: FieldNode, passed: readonly PassedSize[]): number {
    if (field.sizings.length === 0 && passed.length === 0) return sizeOfLists(field, undefined, this.costed)
    let handed = NO_SIZE
    for (const { path, size } of passed) {
      if (path.rest === null && path.name === field.name) handed = Math.max(handed, size)
    }
    let given = NO_SIZE
    let assumed = NO_SIZE
    for (const sizing of field.sizings) {
      const asked = this.#askedSize(field, sizing, node)
      if (sizing.sizedFields.length > 0) continue
      given = Math.max(given, asked)
      assumed = Math.max(
        assumed,
        asked === NO_SIZE ? (sizing.assumedSize ?? this.costed.defaultListSize) : NO_SIZE,
      )
    }
    // What a parent hands down replaces assumptions, never a larger size the client asks for right here.
    const own = Math.max(given, handed === NO_SIZE ? assumed : handed)
    return sizeOfLists(field, own === NO_SIZE ? undefined : own, this.costed)
  }

  /** The sizes the field hands to lists below it. */
  passedSizes(field: CostedField, node: FieldNode, passed: readonly PassedSize[]): readonly PassedSize[] {
    if (field.sizings.length === 0 && passed.length === 0) return NO_SIZES
    const below: PassedSize[] = []
    for (const { path, size } of passed) {
      if (path.rest !== null && path.name === field.name) below.push({ path: path.rest, size })
    }
    for (const sizing of field.sizings) {
      if (sizing.sizedFields.length === 0) continue
      const asked = this.#askedSize(field, sizing, node)
      const size = asked === NO_SIZE ? (sizing.assumedSize ?? this.costed.defaultListSize) : asked
      for (const path of sizing.sizedFields) below.push({ path, size })
    }
    return below.length === 0 ? NO_SIZES : below
  }

  /** The largest slicing value, or NO_SIZE; a value that is no size counts as infinite and is reported. */
  #askedSize(field: CostedField, sizing: ListSizing, node: FieldNode): number {
    let largest = NO_SIZE
    let given = 0
    for (const path of sizing.slicing) {
      const size = this.#slicingValue(path, node)
      if (size.given) given++
      if (size.value === BAD_SIZE) this.#report('invalid-slicing-value', field, [path.path], node)
      largest = Math.max(largest, size.value === BAD_SIZE ? Infinity : size.value)
    }
    if (sizing.requireOne && (given > 1 || largest === NO_SIZE)) {
      const code = given > 1 ? 'several-slicing-arguments' : 'missing-slicing-argument'
      this.#report(
        code,
        field,
        sizing.slicing.map(({ path }) => path),
        node,
      )
    }
    return largest
  }

  #slicingValue({ segments, list }: SlicingPath, node: FieldNode): { value: number; given: boolean } {
    let value: unknown = ABSENT
    for (const [index, { name, fallback }] of segments.entries()) {
      value = index === 0 ? this.#variables.argument(node, name) : this.#variables.property(value, name)
      if (value instanceof Literal && value.node.kind === 'ObjectValue')
        this.#meter.steps += value.node.fields.length
      if (value === ABSENT) return { value: fallback, given: false }
      if (value === null) return { value: NO_SIZE, given: false }
    }
    return { value: sizeOf(value, list), given: true }
  }

  #report(
    code: CostProblemCode,
    field: CostedField,
    slicingArguments: readonly string[],
    node: FieldNode,
  ): void {
    const key = `${code} ${field.coordinate}`
    if (!this.problems.has(key))
      this.problems.set(key, { code, coordinate: field.coordinate, slicingArguments, node })
  }
}

/** Lists in lists multiply; the given size is that of the outermost. */
function sizeOfLists(
  field: CostedField,
  outermost: number | undefined,
  { defaultListSize }: CostedSchema,
): number {
  if (field.listDepth === 0) return 1
  const inner = defaultListSize ** (field.listDepth - 1)
  return times(outermost ?? defaultListSize, inner)
}
