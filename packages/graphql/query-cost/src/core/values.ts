import type { ValueNode } from 'graphql'

/** Nothing was given: neither a value nor an explicit null. */
export const ABSENT: unique symbol = Symbol('absent')

/** Not something a path can lead through, such as a number where an input object belongs. */
const MISPLACED: unique symbol = Symbol('misplaced')

/**
 * A list, object or enum written in the document. A class, so that no JSON a client sends as a variable can pass
 * for a piece of the document.
 */
export class Literal {
  readonly node: ValueNode
  #fields: Map<string, ValueNode> | undefined

  constructor(node: ValueNode) {
    this.node = node
  }

  /** A field of an object; of two under one name, the first. */
  field(name: string): ValueNode | undefined {
    if (this.node.kind !== 'ObjectValue') return undefined
    if (this.#fields === undefined) {
      this.#fields = new Map()
      for (const field of this.node.fields) {
        if (!this.#fields.has(field.name.value)) this.#fields.set(field.name.value, field.value)
      }
    }
    return this.#fields.get(name)
  }
}

/**
 * The value of a node without variables: a number, string, boolean or null as such, lists, objects and enums as
 * {@link Literal}. A variable where none may be, in a default, gives nothing.
 */
export function constantOf(node: ValueNode): unknown {
  switch (node.kind) {
    case 'Variable':
      return ABSENT
    case 'NullValue':
      return null
    case 'IntValue':
    case 'FloatValue':
      return Number(node.value)
    case 'StringValue':
    case 'BooleanValue':
      return node.value
    default:
      return new Literal(node)
  }
}

/** A field of an input object, whether it was written as a default or sent as JSON. */
export function propertyOf(of: unknown, name: string): unknown {
  if (of instanceof Literal) {
    if (of.node.kind !== 'ObjectValue') return MISPLACED
    const field = of.field(name)
    return field === undefined ? ABSENT : constantOf(field)
  }
  if (typeof of !== 'object' || of === null || Array.isArray(of)) return MISPLACED
  return ownProperty(of, name)
}

/** An own property of an object; `undefined` and whatever a prototype holds are ABSENT. */
export function ownProperty(of: object, name: string): unknown {
  const value: unknown = Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined
  return value === undefined ? ABSENT : value
}

/** No size was given. */
export const NO_SIZE = -1

/** Something was given that cannot be a size. */
export const BAD_SIZE = -2

const WHOLE_NUMBER = /^\d+$/

/**
 * The list size a slicing value asks for: at least 0, perhaps Infinity; {@link NO_SIZE} for nothing or null,
 * {@link BAD_SIZE} for what is no number. So are negative numbers, which many resolvers take for "all" or "all but".
 * Whole numbers in strings count, because custom scalars for big numbers travel so.
 */
export function sizeOf(value: unknown, list: boolean): number {
  if (value === ABSENT || value === null) return NO_SIZE
  if (list) return listLength(value)
  if (typeof value === 'string') return WHOLE_NUMBER.test(value) ? Number(value) : BAD_SIZE
  if (typeof value !== 'number' && typeof value !== 'bigint') return BAD_SIZE
  // Written so that NaN fails it too.
  return value >= 0 ? Math.ceil(Number(value)) : BAD_SIZE
}

function listLength(value: unknown): number {
  if (value === MISPLACED) return BAD_SIZE
  if (Array.isArray(value)) return value.length
  if (value instanceof Literal && value.node.kind === 'ListValue') return value.node.values.length
  return 1
}
