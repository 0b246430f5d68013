import type { FieldNode } from 'graphql'
import type { CostedField, CostedSchema, ListSizing, SizedPath, SlicingPath } from './costed.ts'
import type { Draft } from './formula/draft.ts'
import type { Expression, Value } from './formula/expression.ts'
import { SizeSlot, type Asked } from './formula/slots.ts'
import type { Meter } from './meter.ts'
import { ABSENT, Literal, NO_SIZE } from './values.ts'
import { VariableRead, type Variables } from './variables.ts'

/** A size that a field passes to a list below it. */
export interface PassedSize {
  readonly path: SizedPath
  readonly size: Value
}

/** Most fields pass none: one shared list, so that it can be compared by identity. */
export const NO_SIZES: readonly PassedSize[] = []

/** Reads how long the lists of one operation are, as far as the document tells. */
export class Sizes {
  readonly #defaultListSize: number
  readonly #variables: Variables
  readonly #draft: Draft
  readonly #meter: Meter
  readonly #known = new Map<ListSizing, Map<string, Expression>>()

  constructor({ defaultListSize }: CostedSchema, variables: Variables, draft: Draft, meter: Meter) {
    this.#defaultListSize = defaultListSize
    this.#variables = variables
    this.#draft = draft
    this.#meter = meter
  }

  /** How many values the field can return, with what its parents pass down. */
  of(field: CostedField, node: FieldNode, passed: readonly PassedSize[]): Value {
    if (field.sizings.length === 0 && passed.length === 0) return this.#lists(field, this.#defaultListSize)
    const { algebra } = this.#draft
    let own: Value | undefined
    for (const { path, size } of passed) {
      if (path.rest === null && path.name === field.name)
        own = own === undefined ? size : algebra.larger(own, size)
    }
    // What a parent hands down replaces assumptions, never a larger size the client asks for right here.
    const handed = own !== undefined
    for (const sizing of field.sizings) {
      if (sizing.sizedFields.length > 0) continue
      const size = this.#sizeOf(field, sizing, node, handed)
      own = own === undefined ? size : algebra.larger(own, size)
    }
    return this.#lists(field, own ?? this.#defaultListSize)
  }

  /** The sizes the field hands to lists below it. */
  passedBy(field: CostedField, node: FieldNode, passed: readonly PassedSize[]): readonly PassedSize[] {
    if (field.sizings.length === 0 && passed.length === 0) return NO_SIZES
    const below: PassedSize[] = []
    for (const { path, size } of passed) {
      if (path.rest !== null && path.name === field.name) below.push({ path: path.rest, size })
    }
    for (const sizing of field.sizings) {
      if (sizing.sizedFields.length === 0) continue
      const size = this.#sizeOf(field, sizing, node, false)
      for (const path of sizing.sizedFields) below.push({ path, size })
    }
    return below.length === 0 ? NO_SIZES : below
  }

  /** Lists in lists multiply; the given size is that of the outermost. */
  #lists(field: CostedField, outermost: Value): Value {
    if (field.listDepth === 0) return 1
    if (field.listDepth === 1) return outermost
    return this.#draft.algebra.times(outermost, this.#defaultListSize ** (field.listDepth - 1))
  }

  /** What is asked for, else what is assumed; nothing is where a parent has handed down a size. */
  #sizeOf(field: CostedField, sizing: ListSizing, node: FieldNode, handed: boolean): Value {
    const asked = this.#asked(field, sizing, node)
    const assumed = handed ? 0 : (sizing.assumedSize ?? this.#defaultListSize)
    if (typeof asked === 'number') return asked === NO_SIZE ? assumed : asked
    return this.#draft.algebra.orElse(asked, assumed)
  }

  #asked(field: CostedField, sizing: ListSizing, node: FieldNode): Value {
    if (sizing.slicing.length === 0) return NO_SIZE
    const asked = sizing.slicing.map((path) => this.#follow(path, node))
    const slot = new SizeSlot(field, sizing, asked, node)
    if (asked.some(({ variable }) => variable !== null)) return this.#symbolic(sizing, slot)
    const size = slot.read([])
    if (!Number.isNaN(size)) return size
    this.#draft.sizes.push(slot)
    return slot.readAnyway([], [])
  }

  /** One expression for all fields that ask the same. */
  #symbolic(sizing: ListSizing, slot: SizeSlot): Expression {
    let known = this.#known.get(sizing)
    if (known === undefined) this.#known.set(sizing, (known = new Map<string, Expression>()))
    let expression = known.get(slot.key)
    if (expression === undefined) {
      expression = this.#draft.algebra.read(slot)
      known.set(slot.key, expression)
      this.#draft.sizes.push(slot)
    }
    return expression
  }

  /** Goes along a path as far as the document says something. */
  #follow(path: SlicingPath, node: FieldNode): Asked {
    let value: unknown = ABSENT
    let from = 0
    for (const { name } of path.segments) {
      value = from === 0 ? this.#variables.argument(node, name) : this.#variables.property(value, name)
      if (value instanceof VariableRead) return { path, from, variable: value, value: ABSENT }
      if (value === ABSENT || value === null) break
      if (value instanceof Literal && value.node.kind === 'ObjectValue')
        this.#meter.steps += value.node.fields.length
      from++
    }
    return { path, from: Math.min(from, path.segments.length - 1), variable: null, value }
  }
}
