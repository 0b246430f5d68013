import type { FieldNode } from 'graphql'
import type { CostedField, CostedSchema, ListSizing, SizedPath, SlicingPath } from './costed.ts'
import type { Draft } from './formula/draft.ts'
import type { Expression, Value } from './formula/expression.ts'
import { sizeAsked, SizeSlot, type Asked } from './formula/slots.ts'
import type { Meter } from './meter.ts'
import { ABSENT, BAD_SIZE, Literal, NO_SIZE } from './values.ts'
import { VariableRead, type Variables } from './variables.ts'

/** A size that a field passes to a list below it. */
export interface PassedSize {
  readonly path: SizedPath
  readonly size: Value
}

/** Most fields pass none: one shared list, so that it can be compared by identity. */
export const NO_SIZES: readonly PassedSize[] = []

/** A passed size in a memo key; a size that depends on variables is known by its expression. */
export const keyOf = ({ path, size }: PassedSize): string =>
  typeof size === 'number' ? `${path.id}:${size}` : `${path.id}:$${size.id}`

/** How many slots are looked through for one that reads the same. */
const REMEMBERED_SLOTS = 16

/** Reads how long the lists of one operation are, as far as the document tells. */
export class Sizes {
  readonly #defaultListSize: number
  readonly #variables: Variables
  readonly #draft: Draft
  readonly #meter: Meter
  readonly #known: { readonly slot: SizeSlot; readonly expression: Expression }[] = []

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

  /** The sizes a field hands to lists below it, the largest of those its nodes ask for. */
  passedBy(
    field: CostedField,
    node: FieldNode,
    more: readonly FieldNode[] | null,
    passed: readonly PassedSize[],
  ): readonly PassedSize[] {
    if (passed.length === 0 && !field.handsDown) return NO_SIZES
    const below: PassedSize[] = []
    for (const { path, size } of passed) {
      if (path.rest !== null && path.name === field.name) below.push({ path: path.rest, size })
    }
    for (const sizing of field.sizings) {
      if (sizing.sizedFields.length === 0) continue
      let largest = this.#sizeOf(field, sizing, node, false)
      for (const another of more ?? []) {
        largest = this.#draft.algebra.larger(largest, this.#sizeOf(field, sizing, another, false))
      }
      for (const path of sizing.sizedFields) below.push({ path, size: largest })
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
    let largest = NO_SIZE
    for (const path of sizing.slicing) {
      const asked = this.#follow(path, node)
      if (asked.variable !== null || sizing.requireOne) return this.#slot(field, sizing, node)
      const size = sizeAsked(asked)
      if (size === BAD_SIZE) return this.#slot(field, sizing, node)
      largest = Math.max(largest, size)
    }
    return largest
  }

  #slot(field: CostedField, sizing: ListSizing, node: FieldNode): Value {
    const asked = sizing.slicing.map((path) => this.#follow(path, node))
    const slot = new SizeSlot(field, sizing, asked, node)
    if (asked.some(({ variable }) => variable !== null)) return this.#symbolic(slot)
    const size = slot.read([])
    if (!Number.isNaN(size)) return size
    // Not needed for the size, which is known, but for its problem.
    this.#draft.algebra.slots.push(slot)
    return slot.readAnyway([], [])
  }

  /** One expression for fields that ask the same. */
  #symbolic(slot: SizeSlot): Expression {
    for (const { slot: known, expression } of this.#known) if (known.asksAs(slot)) return expression
    const expression = this.#draft.algebra.read(slot)
    if (this.#known.push({ slot, expression }) > REMEMBERED_SLOTS) this.#known.shift()
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
