import { valueFromASTUntyped, type ConstDirectiveNode, type GraphQLSchema } from 'graphql'
import { directiveNames, type DirectiveNames } from './directive-names.ts'
import type { CostModelProblem } from './errors.ts'
import { withFederation } from './federation.ts'
import { didYouMean } from './nearest.ts'
import type { CostModelOptions, ListSizeSettings, WeightSettings } from './types.ts'

/** A node of the schema's text that can carry directives. */
export interface Annotated {
  readonly directives?: readonly ConstDirectiveNode[] | undefined
}

/** What can be said of a coordinate: everything of an object's field, only the cost of most others. */
export type Allowed = readonly ('cost' | 'multiplier' | 'listSize')[]

/** What was said of a coordinate; `weights` won over directives. */
export interface Annotation {
  readonly cost: number | undefined
  readonly multiplier: number
  readonly listSizes: readonly ListSizeSettings[]
  /** True where the list sizes are the schema's own and not those of `weights`. */
  readonly written: boolean
}

const SETTINGS = ['cost', 'multiplier', 'listSize'] as const
const LIST_SIZE_SETTINGS = [
  'assumedSize',
  'slicingArguments',
  'sizedFields',
  'requireOneSlicingArgument',
] as const

/** Reads what a schema's directives and the `weights` option say of each coordinate, and collects what is wrong. */
export class Annotations {
  readonly problems: CostModelProblem[] = []
  /** What can be used, but is not as the specification has it. */
  readonly departures: CostModelProblem[] = []
  readonly #weights: ReadonlyMap<string, unknown>
  readonly #directives: DirectiveNames
  readonly #renamed: ReadonlySet<string>
  readonly #found = new Set<string>()
  readonly #coordinates = new Set<string>()

  constructor(options: CostModelOptions, schema: GraphQLSchema) {
    this.#weights = new Map(Object.entries(withFederation(schema, options.weights)))
    this.#directives = directiveNames(schema, options.directives)
    this.#renamed = new Set(Object.values(options.directives ?? {}))
  }

  /** Notes something wrong. */
  report(coordinate: string, message: string): void {
    this.problems.push({ coordinate, message })
  }

  /** All that is said of one coordinate. `nodes` are its definition and extensions in the schema's text. */
  at(coordinate: string, allowed: Allowed, nodes: readonly (Annotated | null | undefined)[]): Annotation {
    this.#coordinates.add(coordinate)
    const directives = nodes.flatMap((node) => node?.directives ?? [])
    const costs = directives.filter(({ name }) => this.#directives.cost.has(name.value))
    const sizes = directives.filter(({ name }) => this.#directives.listSize.has(name.value))
    for (const { name } of [...costs, ...sizes]) this.#found.add(name.value)
    const said = this.#option(coordinate, allowed)
    const [misplaced] = allowed.includes('cost') ? [] : costs
    if (misplaced !== undefined) {
      this.report(
        coordinate,
        `@${misplaced.name.value} does not belong here; put it on the object types and their fields`,
      )
    }
    const written = costs.map((directive) => this.#weightOf(coordinate, directive))[0]
    const listSizes = sizes.flatMap((directive) => this.#listSizeOf(coordinate, directive) ?? [])
    return {
      cost: said.cost ?? (allowed.includes('cost') ? written : undefined),
      multiplier: said.multiplier ?? 1,
      listSizes: said.listSize === undefined ? listSizes : [said.listSize],
      written: said.listSize === undefined,
    }
  }

  /** Notes coordinates of `weights` that the schema does not have, and renamed directives that nobody uses. */
  reportUnknown(schema: GraphQLSchema): void {
    for (const coordinate of this.#weights.keys()) {
      if (this.#coordinates.has(coordinate)) continue
      this.report(
        `weights["${coordinate}"]`,
        `the schema has no such coordinate${didYouMean(coordinate, this.#coordinates)}`,
      )
    }
    for (const name of this.#renamed) {
      if (this.#found.has(name) || schema.getDirective(name)) continue
      const known = schema.getDirectives().map((directive) => directive.name)
      this.report('directives', `the schema has no directive "${name}"${didYouMean(name, known)}`)
    }
  }

  #weightOf(coordinate: string, directive: ConstDirectiveNode): number | undefined {
    const name = `@${directive.name.value}`
    const weight = argumentsOf(directive).get('weight')
    const number = typeof weight === 'string' && weight.trim() !== '' ? Number(weight) : weight
    if (typeof number === 'number' && Number.isFinite(number)) return number
    this.report(coordinate, `${name} needs a weight that is a number in a string, such as "2.5"`)
    return undefined
  }

  #listSizeOf(coordinate: string, directive: ConstDirectiveNode): ListSizeSettings | undefined {
    return this.#listSize(coordinate, Object.fromEntries(argumentsOf(directive)), `@${directive.name.value} `)
  }

  #option(
    coordinate: string,
    allowed: Allowed,
  ): { cost?: number; multiplier?: number; listSize?: ListSizeSettings } {
    if (!this.#weights.has(coordinate)) return {}
    const where = `weights["${coordinate}"]`
    const given = this.#weights.get(coordinate)
    const settings: unknown = typeof given === 'number' ? { cost: given } : given
    if (!isRecord(settings)) {
      this.report(where, 'takes a number or { cost, multiplier, listSize }')
      return {}
    }
    for (const key of Object.keys(settings)) {
      const known = SETTINGS.find((name) => name === key)
      if (known === undefined) this.report(where, `has no setting "${key}"${didYouMean(key, SETTINGS)}`)
      else if (!allowed.includes(known)) this.report(where, whyNot(known, allowed))
    }
    const { cost, multiplier, listSize }: Partial<Record<keyof WeightSettings, unknown>> = settings
    return {
      ...this.#number(where, 'cost', cost, -Infinity),
      ...this.#number(where, 'multiplier', multiplier, 0),
      ...this.#listSizeOption(where, listSize),
    }
  }

  #number(where: string, key: 'cost' | 'multiplier', value: unknown, least: number): Record<string, number> {
    if (value === undefined) return {}
    if (typeof value === 'number' && Number.isFinite(value) && value >= least) return { [key]: value }
    this.report(
      where,
      `${key} takes a finite number${least === 0 ? ' of at least 0' : ''}, got ${describe(value)}`,
    )
    return {}
  }

  #listSizeOption(where: string, value: unknown): { listSize?: ListSizeSettings } {
    if (value === undefined) return {}
    const listSize = this.#listSize(
      where,
      typeof value === 'number' ? { assumedSize: value } : value,
      'listSize.',
    )
    return listSize === undefined ? {} : { listSize }
  }

  #listSize(where: string, given: unknown, prefix: string): ListSizeSettings | undefined {
    if (!isRecord(given)) {
      this.report(where, `listSize takes a number or { ${LIST_SIZE_SETTINGS.join(', ')} }`)
      return undefined
    }
    const before = this.problems.length
    const settings: ListSizeSettings = {}
    for (const [key, value] of Object.entries(given)) {
      // Null in a directive means: as if it were not there.
      if (value === undefined || value === null) continue
      if (key === 'assumedSize' && isSize(value)) settings.assumedSize = value
      else if ((key === 'slicingArguments' || key === 'sizedFields') && isNames(value)) settings[key] = value
      else if (key === 'requireOneSlicingArgument' && typeof value === 'boolean') settings[key] = value
      else this.report(where, `${prefix}${badListSize(key, value)}`)
    }
    return this.problems.length === before ? settings : undefined
  }
}

function badListSize(key: string, value: unknown): string {
  const got = `got ${describe(value)}`
  if (key === 'assumedSize') return `assumedSize takes a whole number of at least 0, ${got}`
  if (key === 'requireOneSlicingArgument') return `requireOneSlicingArgument takes true or false, ${got}`
  if (key === 'slicingArguments' || key === 'sizedFields') return `${key} takes a list of names, ${got}`
  return `has no argument "${key}"${didYouMean(key, LIST_SIZE_SETTINGS)}`
}

function whyNot(setting: string, allowed: Allowed): string {
  if (allowed.length === 0)
    return 'has no cost of its own; give one to the object types and fields it leads to'
  if (setting === 'cost') return 'takes no cost here; give one to the fields of the object types'
  return `takes no ${setting}: that belongs to fields`
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isSize = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')

const describe = (value: unknown): string =>
  typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value)

/** The arguments written at a directive of the schema. */
function argumentsOf(directive: ConstDirectiveNode): Map<string, unknown> {
  return new Map(directive.arguments?.map(({ name, value }) => [name.value, valueFromASTUntyped(value)]))
}
