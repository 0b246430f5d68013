import type { FieldNode, ValueNode, VariableDefinitionNode } from 'graphql'
import { ABSENT, constantOf, Literal, propertyOf } from './values.ts'

/** A variable of an operation, as a formula reads it. */
export class VariableRead {
  readonly name: string
  /** Its place among the values that an evaluation reads. */
  readonly index: number
  /** What it is where the client sends nothing: the operation's default, else {@link ABSENT}. */
  readonly fallback: unknown

  constructor(name: string, index: number, fallback: unknown) {
    this.name = name
    this.index = index
    this.fallback = fallback
  }

  /** What the client sent, raw, as an own property of that name; else the default. */
  of(sent: object): unknown {
    const value: unknown = Object.hasOwn(sent, this.name)
      ? (sent as Record<string, unknown>)[this.name]
      : undefined
    return value === undefined ? this.fallback : value
  }
}

/** The variables that one operation declares; only these have values. */
export class Variables {
  readonly #declared = new Map<string, VariableDefinitionNode>()
  #reads: Map<string, VariableRead> | undefined
  readonly #all: VariableRead[]

  /** Where there are none. */
  static readonly none: Variables = new Variables([], [])

  /** `all` collects the variables that are read, of all operations that share a formula. */
  constructor(definitions: readonly VariableDefinitionNode[], all: VariableRead[]) {
    this.#all = all
    for (const definition of definitions) {
      this.#declared.set(definition.variable.name.value, definition)
    }
  }

  /** The value of a node: a {@link VariableRead} where it depends on the client, else as `constantOf`. */
  read(node: ValueNode): unknown {
    return node.kind === 'Variable' ? (this.get(node.name.value) ?? ABSENT) : constantOf(node)
  }

  /** A variable, unless it was not declared. */
  get(name: string): VariableRead | undefined {
    this.#reads ??= new Map()
    const known = this.#reads.get(name)
    if (known !== undefined) return known
    const definition = this.#declared.get(name)
    if (definition === undefined) return undefined
    const { defaultValue } = definition
    const fallback = defaultValue === undefined ? ABSENT : constantOf(defaultValue)
    const read = new VariableRead(name, this.#all.length, fallback)
    this.#all.push(read)
    this.#reads.set(name, read)
    return read
  }

  /** The name of the type a variable is declared with, without lists and non-null. */
  typeOf(name: string): string | undefined {
    let type = this.#declared.get(name)?.type
    while (type !== undefined && type.kind !== 'NamedType') type = type.type
    return type?.name.value
  }

  /** The value of a field's argument, as {@link Variables.read}. */
  argument(node: Pick<FieldNode, 'arguments'>, name: string): unknown {
    for (const argument of node.arguments ?? []) {
      if (argument.name.value === name) return this.read(argument.value)
    }
    return ABSENT
  }

  /** A field of an input object that is written in the document, as {@link Variables.read}. */
  property(of: unknown, name: string): unknown {
    if (!(of instanceof Literal)) return propertyOf(of, name)
    const field = of.field(name)
    return field === undefined ? propertyOf(of, name) : this.read(field)
  }
}
