import { IN_PLACE, isSchemaObject, schemasIn } from './schema.ts'
import type { Resolve, SchemaObject } from './schema.ts'

/** What the text of a query, a parameter or a header may mean, by its schema. */
export interface TextPlan {
  /** The types that the schema names. None: it takes any, so that text stays text. */
  readonly types: ReadonlySet<string>
  readonly members: ReadonlyMap<string, TextPlan>
  readonly items: TextPlan | undefined
}

interface Draft {
  readonly types: Set<string>
  readonly members: Map<string, TextPlan>
  items: TextPlan | undefined
}

function typesNamedBy({ type, enum: values, const: constant, nullable }: SchemaObject): string[] {
  const named = Array.isArray(type) ? type.map(String) : typeof type === 'string' ? [type] : []
  if (nullable === true) named.push('null')
  if (named.length > 0) return named
  const allowed = Array.isArray(values) ? (values as unknown[]) : constant === undefined ? [] : [constant]
  return allowed.map((value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value))
}

/** Plans how text is read by a schema. */
export function planText(schema: unknown, resolve: Resolve): TextPlan {
  const plans = new Map<unknown, Draft>()

  function fill(draft: Draft, part: unknown, root: unknown, entered: Set<unknown>): void {
    if (!isSchemaObject(part) || entered.has(part)) return
    entered.add(part)
    for (const type of typesNamedBy(part)) draft.types.add(type)
    const { $ref: ref, properties, items } = part
    if (typeof ref === 'string') {
      const base = ref.startsWith('#') ? root : resolve(`${ref.split('#', 1)[0]}#`, root)
      fill(draft, resolve(ref, root), base, entered)
    }
    if (isSchemaObject(properties)) {
      for (const [name, one] of Object.entries(properties))
        if (!draft.members.has(name)) draft.members.set(name, planOf(one, root))
    }
    if (isSchemaObject(items)) draft.items ??= planOf(items, root)
    for (const keyword of IN_PLACE) {
      const value = part[keyword]
      const named = keyword === 'dependentSchemas' && isSchemaObject(value)
      for (const one of named ? Object.values(value) : schemasIn(value)) fill(draft, one, root, entered)
    }
  }

  function planOf(part: unknown, root: unknown): TextPlan {
    const known = plans.get(part)
    if (known !== undefined) return known
    const draft: Draft = { types: new Set(), members: new Map(), items: undefined }
    plans.set(part, draft)
    fill(draft, part, root, new Set())
    return draft
  }

  return planOf(schema, schema)
}

/** The number that a text is the one spelling of, or `undefined`. */
function numberIn(text: string, whole: boolean): number | undefined {
  const number = Number(text)
  if (!Number.isFinite(number) || String(number) !== text) return undefined
  if (whole || Number.isInteger(number)) return Number.isSafeInteger(number) ? number : undefined
  return number
}

function scalarIn(text: string, types: ReadonlySet<string>): unknown {
  if (types.has('number') || types.has('integer')) {
    const number = numberIn(text, !types.has('number'))
    if (number !== undefined) return number
  }
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** Where a name stands more than once whose schema takes no array. */
export type OnRepeated = (path: readonly string[]) => void

class Reader {
  readonly #onRepeated: OnRepeated
  readonly #path: string[] = []

  constructor(onRepeated: OnRepeated) {
    this.#onRepeated = onRepeated
  }

  read(value: unknown, plan: TextPlan): unknown {
    if (typeof value === 'string') return this.#text(value, plan)
    if (typeof value !== 'object' || value === null) return value
    return Array.isArray(value) ? this.#array(value, plan) : this.#object(value, plan)
  }

  #text(value: string, { types, items }: TextPlan): unknown {
    if (types.size === 0 || types.has('string')) return value
    const scalar = scalarIn(value, types)
    if (scalar !== value || !types.has('array')) return scalar
    return [items === undefined ? value : this.read(value, items)]
  }

  #array(value: readonly unknown[], { types, items }: TextPlan): unknown {
    if (!types.has('array')) {
      this.#onRepeated(this.#path)
      return value
    }
    return value.map((one) => (items === undefined ? one : this.read(one, items)))
  }

  /** A copy, only where something in it is read as something else. */
  #object(value: object, { members }: TextPlan): unknown {
    const given = value as Readonly<Record<string, unknown>>
    let copy: Record<string, unknown> | undefined
    for (const name in given) {
      this.#path.push(name)
      const read = this.read(given[name], members.get(name) ?? ANYTHING)
      this.#path.pop()
      if (read === given[name]) continue
      copy ??= Object.assign(Object.create(null) as Record<string, unknown>, given)
      copy[name] = read
    }
    return copy ?? value
  }
}

/**
 * Reads text as what the schema takes, where it is the one spelling of it: `12` is 12, `''`, `1e3`, `0x10` and ` 12` stay
 * text, which the schema then refuses. A single text is an array of one where an array is asked for, since queries have no
 * other way to say it.
 */
export function readText(value: unknown, plan: TextPlan, onRepeated: OnRepeated): unknown {
  return new Reader(onRepeated).read(value, plan)
}

const ANYTHING: TextPlan = { types: new Set(), members: new Map(), items: undefined }

/** The plan where there is no schema: text stays text, and no name may stand twice. */
export const NO_SCHEMA: TextPlan = ANYTHING
