import {
  getNamedType,
  isInputObjectType,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLSchema,
} from 'graphql'
import type { Annotations } from './annotations.ts'
import type { CostedDirective, CostedInput, CostedInputObject } from './costed.ts'
import { schemaDefault } from './schema-default.ts'
import { ABSENT, ownProperty } from './values.ts'

type Input = GraphQLArgument | GraphQLInputField

/** An input object type while it is compiled; types refer to each other in cycles. */
interface Draft {
  readonly name: string
  readonly fields: Map<string, CostedInput>
}

/**
 * Compiles the weights of arguments and input fields. By the specification an input of an input object type weighs 1
 * unless said otherwise, one of a scalar or enum type 0 (section 7.1). Inputs that can never cost are left out.
 */
export class CostedInputs {
  readonly #annotations: Annotations
  readonly #drafts = new Map<string, Draft>()

  constructor(annotations: Annotations, schema: GraphQLSchema) {
    this.#annotations = annotations
    const types = Object.values(schema.getTypeMap()).filter((type) => isInputObjectType(type))
    for (const type of types) this.#drafts.set(type.name, { name: type.name, fields: new Map() })
    for (const type of types) this.#weigh(type)
    this.#dropFree()
    for (const type of types) this.#addDefaults(type)
  }

  /** The arguments of a field or directive that can cost. */
  compile(owner: string, args: readonly GraphQLArgument[]): readonly CostedInput[] {
    return args
      .map((argument) => this.#input(`${owner}(${argument.name}:)`, argument))
      .map((input, index) => ({ ...input, defaultCost: defaultCost(input, defaultAt(args[index])) }))
      .filter((input) => input.weight !== 0 || input.object !== null)
  }

  /** The directives that operations can use and that can cost. */
  directives(schema: GraphQLSchema): ReadonlyMap<string, CostedDirective> {
    const costed = new Map<string, CostedDirective>()
    for (const directive of schema.getDirectives()) {
      const coordinate = `@${directive.name}`
      const weight = this.#annotations.at(coordinate, ['cost'], []).cost ?? 0
      const inputs = this.compile(coordinate, directive.args)
      if (weight !== 0 || inputs.length > 0) costed.set(directive.name, { weight, inputs })
    }
    return costed
  }

  #input(coordinate: string, input: Input): CostedInput {
    const object = this.#drafts.get(getNamedType(input.type).name) ?? null
    const composite = isInputObjectType(getNamedType(input.type))
    const weight = this.#annotations.at(coordinate, ['cost'], [input.astNode]).cost ?? (composite ? 1 : 0)
    return { name: input.name, weight, object, defaultCost: 0 }
  }

  #weigh(type: GraphQLInputObjectType): void {
    this.#annotations.at(type.name, [], [type.astNode, ...type.extensionASTNodes])
    const draft = this.#drafts.get(type.name)
    for (const field of Object.values(type.getFields())) {
      draft?.fields.set(field.name, this.#input(`${type.name}.${field.name}`, field))
    }
  }

  /** Forgets fields that cannot cost, then types without fields, until nothing more can go. */
  #dropFree(): void {
    for (let again = true; again;) {
      again = false
      for (const [typeName, draft] of this.#drafts) {
        for (const [name, field] of draft.fields) {
          const object = field.object && this.#drafts.has(field.object.name) ? field.object : null
          if (object !== field.object) draft.fields.set(name, { ...field, object })
          if (object === null && field.weight === 0) draft.fields.delete(name)
        }
        if (draft.fields.size > 0 || !this.#drafts.delete(typeName)) continue
        again = true
      }
    }
  }

  #addDefaults(type: GraphQLInputObjectType): void {
    const draft = this.#drafts.get(type.name)
    for (const [name, field] of draft?.fields ?? []) {
      const cost = defaultCost(field, defaultAt(type.getFields()[name]))
      if (cost !== 0) draft?.fields.set(name, { ...field, defaultCost: cost })
    }
  }
}

function defaultAt(input: Input | undefined): unknown {
  return input === undefined ? undefined : schemaDefault(input)
}

/** What the schema's default costs. */
function defaultCost(input: CostedInput, value: unknown): number {
  if (value === undefined) return 0
  if (value === null) return Math.max(0, input.weight)
  return input.weight + (input.object === null ? 0 : costInside(input.object, value))
}

function costInside(object: CostedInputObject, value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + costInside(object, item), 0)
  if (typeof value !== 'object' || value === null) return 0
  let sum = 0
  for (const field of object.fields.values()) {
    const given = ownProperty(value, field.name)
    if (given !== ABSENT) sum += defaultCost(field, given)
  }
  return sum
}
