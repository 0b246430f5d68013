import { infoTypeOfJsonSchema, ClassificationError } from '@portcullis/classification'
import type { Classification, Classified } from '@portcullis/classification'

/** What a response schema says of a value, made once at boot. Alternatives (`anyOf`) are laid over one another. */
export interface ResponsePlan {
  /** What the value is; several where alternatives disagree, of which the strictest holds. */
  readonly classified: Classified[]
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

/**
 * The types that a schema names by its `title` or `$id`, where that looks like the name of a type: sentences and
 * addresses do not.
 */
function typesOf({ $id, title }: Json): readonly string[] {
  const names = [title, $id].map((one) => (typeof one === 'string' ? one.replace(/#$/, '') : ''))
  return [...new Set(names)].filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
}

/** The part of a schema to which a JSON pointer leads. */
function follow(target: unknown, pointer: string): unknown {
  let found = target
  for (const step of pointer.split('/').slice(1)) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isSchema(found) || Array.isArray(found) ? (found as Json)[key] : undefined
  }
  return found
}

/** The part of a schema that has a name of its own: `$id: '#name'` or `$anchor: 'name'`. */
function findNamed(target: unknown, name: string): unknown {
  const waiting = [target]
  const seen = new Set<unknown>()
  for (const one of waiting) {
    if (typeof one !== 'object' || one === null || seen.has(one)) continue
    seen.add(one)
    const { $id, $anchor } = one as Json
    if ($anchor === name || $id === name || $id === `#${name}` || $id === `${name}#`) return one
    waiting.push(...Object.values(one))
  }
  return undefined
}

/** Compiles response schemas. Shared schemas are compiled once. */
class Compiler {
  readonly #plans = new Map<object, ResponsePlan>()
  readonly #classification: Classification
  readonly #shared: Readonly<Record<string, unknown>>
  readonly #where: string
  readonly #owner: string
  found = false

  constructor(
    classification: Classification,
    shared: Readonly<Record<string, unknown>>,
    where: string,
    owner: string,
  ) {
    this.#owner = owner
    this.#classification = classification
    this.#shared = shared
    this.#where = where
  }

  /** @param label what the value is called where it is classified by itself */
  plan(schema: Json, root: Json, label: string): ResponsePlan {
    const known = this.#plans.get(schema)
    if (known !== undefined) return known
    const plan: ResponsePlan = { classified: [], members: new Map(), items: [], others: [] }
    this.#plans.set(schema, plan)
    this.#visit(schema, root, plan, label, new Set())
    if (plan.classified.length > 0) this.found = true
    return plan
  }

  #visit(schema: Json, root: Json, plan: ResponsePlan, label: string, within: Set<object>): void {
    if (within.has(schema)) return
    within.add(schema)
    if (typeof schema['$ref'] === 'string') {
      const target = this.#resolve(schema['$ref'], root)
      this.#visit(target.schema, target.root, plan, label, within)
    }
    const types = typesOf(schema)
    const infoType = infoTypeOfJsonSchema(schema, `${this.#where}, ${label}`)
    if (infoType !== undefined) plan.classified.push(this.#classification.add(label, infoType))
    for (const [key, member] of Object.entries(isSchema(schema['properties']) ? schema['properties'] : {})) {
      const plans = plan.members.get(key) ?? []
      plan.members.set(key, [...plans, this.#member(types, key, member, root)])
    }
    for (const key of ['items', 'prefixItems', 'additionalItems']) {
      for (const item of listOf(schema[key]))
        if (isSchema(item)) plan.items.push(this.plan(item, root, label))
    }
    const { additionalProperties, patternProperties } = schema
    const patterns = isSchema(patternProperties) ? Object.values(patternProperties) : []
    for (const other of [additionalProperties, ...patterns]) {
      if (isSchema(other)) plan.others.push(this.plan(other, root, label))
    }
    for (const key of COMBINATORS) {
      for (const one of Array.isArray(schema[key]) ? (schema[key] as unknown[]) : []) {
        if (isSchema(one)) this.#visit(one, root, plan, label, within)
      }
    }
    for (const key of BRANCHES) {
      const one = schema[key]
      if (isSchema(one)) this.#visit(one, root, plan, label, within)
    }
  }

  #member(types: readonly string[], key: string, member: unknown, root: Json): ResponsePlan {
    // A name with dots in it is one name, and no path.
    const name = key.replaceAll('.', '_')
    const owners = types.length === 0 ? [this.#owner] : types
    const labels = owners.map((owner) => `${owner}.${name}`)
    const plan = this.plan(isSchema(member) ? member : {}, root, labels[0] ?? key)
    const said = plan.classified.flatMap(({ infoType }) =>
      labels.map((label) => this.#classification.add(label, infoType)),
    )
    const classified = said.length > 0 ? said : this.#byName(types, key)
    if (classified.length === 0) return plan
    this.found = true
    return { ...plan, classified }
  }

  /** A schema without a name describes nobody knows which type, so its members go by their names. */
  #byName(types: readonly string[], key: string): Classified[] {
    if (types.length === 0) return [...this.#classification.named(key)]
    return types.flatMap((type) => this.#classification.field(type, key) ?? [])
  }

  #resolve(ref: string, root: Json): { readonly schema: Json; readonly root: Json } {
    const [id = '', fragment = ''] = ref.split('#')
    const target = id === '' || id === root['$id'] ? root : (this.#shared[id] ?? findNamed(root, id))
    const schema =
      fragment === '' || fragment.startsWith('/') ? follow(target, fragment) : findNamed(target, fragment)
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
 * @param owner what members of types without a name belong to. A request's schema is compiled for what it classifies
 * @throws ClassificationError for an unknown info type, or a `$ref` that leads nowhere
 */
export function compileResponse(
  schema: Json,
  shared: Readonly<Record<string, unknown>>,
  classification: Classification,
  where: string,
  owner: 'response' | 'request' = 'response',
): CompiledResponse {
  const compiler = new Compiler(classification, shared, where, owner)
  const plan = compiler.plan(schema, schema, `${owner}.${typesOf(schema)[0] ?? 'body'}`)
  return { plan, isClassified: compiler.found }
}
