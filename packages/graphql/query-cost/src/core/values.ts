import type { FieldNode, OperationDefinitionNode, ValueNode, VariableDefinitionNode } from 'graphql'

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
  constructor(node: ValueNode) {
    this.node = node
  }
}

/**
 * The variables of one operation: the client's value, else the operation's default, else {@link ABSENT}. Only
 * declared names and own properties are read.
 */
export class Variables {
  readonly #sent: object
  readonly #declared = new Map<string, VariableDefinitionNode>()

  constructor(operation: OperationDefinitionNode, sent: unknown) {
    this.#sent = typeof sent === 'object' && sent !== null ? sent : {}
    for (const definition of operation.variableDefinitions ?? []) {
      this.#declared.set(definition.variable.name.value, definition)
    }
  }

  /** The value of one variable: raw JSON, a literal of its default, null, or ABSENT. */
  get(name: string): unknown {
    const definition = this.#declared.get(name)
    if (definition === undefined) return ABSENT
    const sent = ownProperty(this.#sent, name)
    if (sent !== ABSENT || definition.defaultValue === undefined) return sent
    return this.read(definition.defaultValue)
  }

  /** The name of the type a variable is declared with, without lists and non-null. */
  typeOf(name: string): string | undefined {
    let type = this.#declared.get(name)?.type
    while (type !== undefined && type.kind !== 'NamedType') type = type.type
    return type?.name.value
  }

  /** The value of a node: a number, string, boolean or null as such, lists, objects and enums as {@link Literal}. */
  read(node: ValueNode): unknown {
    switch (node.kind) {
      case 'Variable':
        return this.get(node.name.value)
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

  /** The value of a field's argument. */
  argument(node: Pick<FieldNode, 'arguments'>, name: string): unknown {
    for (const argument of node.arguments ?? []) {
      if (argument.name.value === name) return this.read(argument.value)
    }
    return ABSENT
  }

  /** A field of an input object, whether it was written in the document or sent as JSON. */
  property(of: unknown, name: string): unknown {
    if (of instanceof Literal) {
      if (of.node.kind !== 'ObjectValue') return MISPLACED
      const field = of.node.fields.find((candidate) => candidate.name.value === name)
      return field === undefined ? ABSENT : this.read(field.value)
    }
    if (typeof of !== 'object' || of === null || Array.isArray(of)) return MISPLACED
    return ownProperty(of, name)
  }
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
