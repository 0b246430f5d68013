import { infoTypeOfJsonSchema, ClassificationError } from '@portcullis/classification'
import type { Classification, Classified } from '@portcullis/classification'

/** What a response schema says of a value, made once at boot. Alternatives (`anyOf`) are laid over one another. */
export interface ResponsePlan {
  classified: Classified | undefined
  /** Plans for each member the schema names; several where alternatives name it. */
  readonly members: Map<string, ResponsePlan[]>
  /** Plans for the items of an array. */
  readonly items: ResponsePlan[]
  /** Plans for members that the schema allows without naming them. */
  readonly others: ResponsePlan[]
}

/** A compiled response schema. */
export interface CompiledResponse {
  readonly plan: ResponsePlan
  /** Whether the schema classifies anything. */
  readonly isClassified: boolean
}

type Json = Readonly<Record<string, unknown>>

const COMBINATORS = ['allOf', 'anyOf', 'oneOf'] as const
const BRANCHES = ['if', 'then', 'else'] as const

function isSchema(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

/** Compiles response schemas. Shared schemas are compiled once. */
class Compiler {
  readonly #plans = new Map<object, ResponsePlan>()
  readonly #classification: Classification
  readonly #shared: Readonly<Record<string, unknown>>
  readonly #where: string
  found = false

  constructor(classification: Classification, shared: Readonly<Record<string, unknown>>, where: string) {
    this.#classification = classification
    this.#shared = shared
    this.#where = where
  }

  plan(schema: Json, root: Json): ResponsePlan {
    const known = this.#plans.get(schema)
    if (known !== undefined) return known
    const plan: ResponsePlan = { classified: undefined, members: new Map(), items: [], others: [] }
    this.#plans.set(schema, plan)
    this.#visit(schema, root, plan, new Set())
    if (plan.classified !== undefined) this.found = true
    return plan
  }

  #visit(schema: Json, root: Json, plan: ResponsePlan, within: Set<object>): void {
    if (within.has(schema)) return
    within.add(schema)
    if (typeof schema['$ref'] === 'string') {
      const target = this.#resolve(schema['$ref'], root)
      this.#visit(target.schema, target.root, plan, within)
    }
    const type = this.#typeOf(schema)
    const infoType = infoTypeOfJsonSchema(schema, this.#where)
    if (infoType !== undefined)
      plan.classified = this.#classification.add(`response.${type ?? infoType}`, infoType)
    for (const [key, member] of Object.entries(isSchema(schema['properties']) ? schema['properties'] : {})) {
      const plans = plan.members.get(key) ?? []
      plan.members.set(key, [...plans, this.#member(type, key, member, root)])
    }
    for (const key of ['items', 'prefixItems', 'additionalItems']) {
      for (const item of listOf(schema[key])) if (isSchema(item)) plan.items.push(this.plan(item, root))
    }
    const { additionalProperties, patternProperties } = schema
    const patterns = isSchema(patternProperties) ? Object.values(patternProperties) : []
    for (const other of [additionalProperties, ...patterns]) {
      if (isSchema(other)) plan.others.push(this.plan(other, root))
    }
    for (const key of COMBINATORS) {
      for (const one of Array.isArray(schema[key]) ? (schema[key] as unknown[]) : []) {
        if (isSchema(one)) this.#visit(one, root, plan, within)
      }
    }
    for (const key of BRANCHES) {
      const one = schema[key]
      if (isSchema(one)) this.#visit(one, root, plan, within)
    }
  }

  #member(type: string | undefined, key: string, member: unknown, root: Json): ResponsePlan {
    const schema = isSchema(member) ? member : {}
    const where = type === undefined ? key : `${type}.${key}`
    const infoType = infoTypeOfJsonSchema(schema, `${this.#where}, ${where}`)
    const classified =
      infoType === undefined
        ? this.#classification.field(type ?? '', key)
        : this.#classification.add(type === undefined ? `response.${key}` : where, infoType)
    if (classified === undefined) return this.plan(schema, root)
    this.found = true
    return { classified, members: new Map(), items: [], others: [] }
  }

  #typeOf({ $id, title }: Json): string | undefined {
    const name = [title, $id].find((one) => typeof one === 'string' && one !== '')
    return typeof name === 'string' ? name.replace(/#$/, '') : undefined
  }

  #resolve(ref: string, root: Json): { readonly schema: Json; readonly root: Json } {
    const [id = '', pointer = ''] = ref.split('#')
    const target = id === '' || id === root['$id'] ? root : this.#shared[id]
    let schema: unknown = target
    for (const step of pointer.split('/').slice(1)) {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
      schema = isSchema(schema) || Array.isArray(schema) ? (schema as Json)[key] : undefined
    }
    if (isSchema(schema) && isSchema(target)) return { schema, root: target }
    throw new ClassificationError(
      `${this.#where}: $ref '${ref}' leads nowhere, so what it holds cannot be masked.`,
    )
  }
}

/**
 * Compiles a response schema with its `$ref`s. Members are classified by `x-data-classification`, by coordinate where
 * the schema has a `title` or `$id`, or by name.
 *
 * @param shared the schemas of the scope by `$id`
 * @throws ClassificationError for an unknown info type, or a `$ref` that leads nowhere
 */
export function compileResponse(
  schema: Json,
  shared: Readonly<Record<string, unknown>>,
  classification: Classification,
  where: string,
): CompiledResponse {
  const compiler = new Compiler(classification, shared, where)
  const plan = compiler.plan(schema, schema)
  return { plan, isClassified: compiler.found }
}
