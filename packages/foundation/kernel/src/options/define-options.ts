import * as v from 'valibot'
import { InvalidOptionsError } from '../errors.ts'
import { explainIssues } from './explain.ts'
import { isPlainObject } from './scalars.ts'

/** One option of a plugin. */
export interface OptionDefinition<Output> {
  /** What it may be. The message of the schema says, in words, what the option takes. */
  readonly schema: v.GenericSchema<unknown, Output>
  /** Its default, as a user would write it. Absent: the option may be left out and then is `undefined`. */
  readonly default?: unknown
  /** It must be given. */
  readonly required?: true
  /** It belongs to the plugin alone; a route may not set it. */
  readonly pluginOnly?: true
  /** How a route's value is laid over the plugin's. Default: it replaces it. */
  readonly merge?: (plugin: Output, route: Output) => Output
  /** Its value must never be printed. */
  readonly secret?: true
  /** For the README's table: one sentence. */
  readonly doc: string
  /** For the README's table: the type in words, where the schema's message would not do. */
  readonly takes?: string
}

/** Rules that span several options. */
export interface OptionRules<Output> {
  /** Returns the complaint about options that do not go together, or nothing. */
  readonly check?: (options: Output) => string | undefined
  /** What of the plugin's options a route inherits that sets some of its own. Default: all. */
  readonly inherit?: (plugin: Readonly<Output>, own: Partial<Output>) => Readonly<Output>
}

/** The options of one plugin: one source for the check at boot, the defaults, the route options and the README's table. */
export interface OptionSet<Output extends object> {
  /** The gate's name: its key in a route's `config`. */
  readonly name: string
  /**
   * Checks options given to the plugin; unknown keys, wrong types, NaN and impossible values throw.
   *
   * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS naming every wrong option
   */
  parse(input: unknown): Readonly<Output>
  /**
   * Checks a route's options and lays them over the plugin's.
   *
   * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS naming every wrong option
   */
  parseRoute(plugin: Readonly<Output>, route: unknown): Readonly<Output>
  /** The README's options table, in Markdown. */
  table(): string
}

interface Definition extends Omit<OptionDefinition<unknown>, 'schema' | 'merge'> {
  readonly schema: v.GenericSchema
  readonly merge?: (plugin: unknown, route: unknown) => unknown
}

function entrySchema(definition: Definition): v.GenericSchema {
  if (definition.default !== undefined) return v.optional(definition.schema, definition.default as never)
  return definition.required ? definition.schema : v.optional(definition.schema)
}

function printDefault(definition: Definition): string {
  if (definition.required) return 'required'
  if (definition.default === undefined) return '–'
  const { default: value } = definition
  return `\`${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}\``
}

/** The words of a schema's message: what the option takes. */
function wordsOf(schema: unknown): string {
  const { message, pipe } = schema as { message?: unknown; pipe?: readonly unknown[] }
  if (typeof message === 'string') return message
  return pipe === undefined ? '' : wordsOf(pipe[0])
}

function tableRow([key, one]: [string, Definition]): string {
  const takes = (one.takes ?? wordsOf(one.schema)).replaceAll('|', '\\|')
  return `| \`${key}\` | ${takes} | ${printDefault(one)} | ${one.pluginOnly ? 'no' : 'yes'} | ${one.doc} |`
}

/**
 * Defines the options of a plugin from one table.
 *
 * `undefined` counts as absent. The result of a parse is frozen.
 *
 * @param name the gate's name, which is also its key in a route's `config`
 * @param definitions one entry for each option
 * @param rules what spans several options
 */
export function defineOptions<Output extends object>(
  name: string,
  definitions: { readonly [Name in keyof Output]-?: OptionDefinition<Output[Name]> },
  rules: OptionRules<Output> = {},
): OptionSet<Output> {
  const entries = Object.entries<Definition>(definitions as unknown as Record<string, Definition>)
  const routeEntries = entries.filter(([, one]) => !one.pluginOnly)
  const secrets = new Set(entries.filter(([, one]) => one.secret).map(([key]) => key))
  const pluginSchema = v.strictObject(
    Object.fromEntries(entries.map(([key, one]) => [key, entrySchema(one)])),
  )
  const routeSchema = v.strictObject(
    Object.fromEntries(routeEntries.map(([key, one]) => [key, v.optional(one.schema)])),
  )

  function run(schema: v.GenericSchema, input: unknown): Record<string, unknown> {
    if (!isPlainObject(input)) {
      const got = Array.isArray(input)
        ? 'an array'
        : input === null
          ? 'null'
          : `a value of type ${typeof input}`
      throw new InvalidOptionsError(`${name}: got ${got}, takes a plain object of options.`)
    }
    const result = v.safeParse(schema, input)
    if (result.success) return result.output as Record<string, unknown>
    throw new InvalidOptionsError(explainIssues(result.issues, { gate: name, schema, secrets }))
  }

  function finish(options: object): Readonly<Output> {
    const complaint = rules.check?.(options as Output)
    if (complaint !== undefined) throw new InvalidOptionsError(`${name}: ${complaint}`)
    return Object.freeze(options) as Readonly<Output>
  }

  return {
    name,
    parse: (input) => finish(run(pluginSchema, input ?? {})),
    parseRoute(plugin, route) {
      const given = run(routeSchema, route)
      const merged: Record<string, unknown> = {
        ...(rules.inherit?.(plugin, given as Partial<Output>) ?? plugin),
      }
      for (const [key, { merge }] of routeEntries) {
        const value = given[key]
        if (value !== undefined) merged[key] = merge === undefined ? value : merge(merged[key], value)
      }
      return finish(merged)
    },
    table: () =>
      [
        '| option | takes | default | per route | what it does |',
        '| --- | --- | --- | --- | --- |',
        ...entries.map(tableRow),
      ].join('\n'),
  }
}
