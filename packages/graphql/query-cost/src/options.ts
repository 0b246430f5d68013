import {
  defineOptions,
  either,
  finite,
  flag,
  isPlainObject,
  members,
  mode,
  oneOf,
  record,
  text,
} from '@portcullis/kernel'
import type { Mode, OptionSet } from '@portcullis/kernel'
import * as v from 'valibot'
import type { CostDirectiveNames, CostModelOptions, WeightSettings } from './core/index.ts'

/** Limits on what the operations of one request may cost. */
export interface CostLimits {
  /** Most cost (resolver calls plus objects, by weight, introspection included) of all operations of a request. Default: 1,000. */
  maxCost?: number | undefined
  /** Most objects, scalars and enums by weight. Default: no limit of its own. */
  maxTypeCost?: number | undefined
  /** Most resolver calls by weight. Default: no limit of its own. */
  maxFieldCost?: number | undefined
}

/** Options of query-cost, for the plugin and, as far as they belong to a route, for its `config.queryCost`. */
export interface QueryCostOptions extends CostLimits {
  /** `measure` reports what would be refused and refuses nothing. Default: `enforce`. */
  mode?: Mode | undefined
  /**
   * Limits for principals with a role, in place of the general ones. Of several roles, the most generous holds. A route
   * with limits of its own has only the roles that it names.
   */
  roles?: Readonly<Record<string, CostLimits>> | undefined
  /** Size of a list that nothing else bounds. Default: 10, or none where `strict` is set. */
  defaultListSize?: number | undefined
  /**
   * Takes a list that nothing bounds for infinitely long, so that operations which ask for it are refused. In place of
   * `defaultListSize`. Default: false.
   */
  strict?: boolean | undefined
  /** Costs by schema coordinate (`Type`, `Type.field`, …); they win over directives in the schema. */
  weights?: CostModelOptions['weights'] | undefined
  /** Flat cost of an operation of each kind. Default: 0. */
  operationCost?: CostModelOptions['operationCost'] | undefined
  /** Names of the directives to read from the schema. Default: as `@link` imports them, else `cost` and `listSize`. */
  directives?: CostDirectiveNames | undefined
  /** Whether answers tell costs and limits. Default: in development yes, in production no. */
  exposeLimits?: boolean | undefined
  /**
   * How the actual cost is counted. `result`: from the answer, when somebody asks for it. `executing`: by each resolver
   * call, which ends the operations as soon as they pass a limit. Default: `result`.
   */
  actual?: 'result' | 'executing' | undefined
  /** Whether responses have `X-Cost-Estimated`, `X-Cost-Actual` and `X-Cost-Max`, `exposeLimits` or not. Default: false. */
  headers?: boolean | undefined
}

/** {@link QueryCostOptions} with their defaults. */
export interface ResolvedQueryCostOptions {
  readonly mode: Mode
  readonly maxCost: number
  readonly maxTypeCost: number | undefined
  readonly maxFieldCost: number | undefined
  readonly roles: Readonly<Record<string, CostLimits>>
  readonly defaultListSize: number | undefined
  readonly strict: boolean
  readonly weights: NonNullable<CostModelOptions['weights']>
  readonly operationCost: NonNullable<CostModelOptions['operationCost']>
  readonly directives: CostDirectiveNames
  readonly exposeLimits: boolean | undefined
  readonly actual: 'result' | 'executing'
  readonly headers: boolean
}

const limits = members({
  maxCost: v.optional(finite(0)),
  maxTypeCost: v.optional(finite(0)),
  maxFieldCost: v.optional(finite(0)),
})

// What a weight may hold is checked with the schema at hand, which lists every problem with its coordinate.
const weight = either(
  v.number(),
  v.custom<WeightSettings>(isPlainObject),
  'a number or { cost, multiplier, listSize }',
)

const directiveNames: v.GenericSchema<CostDirectiveNames> = members(
  { cost: v.exactOptional(text()), listSize: v.exactOptional(text()) },
  '{ cost, listSize }: names of directives',
)

/** The options of query-cost as a checked set. */
export const queryCostOptions: OptionSet<ResolvedQueryCostOptions> = defineOptions<ResolvedQueryCostOptions>(
  'queryCost',
  {
    mode: {
      schema: mode,
      default: 'enforce',
      doc: '`measure` reports what would be refused and refuses nothing.',
    },
    maxCost: {
      schema: finite(0),
      default: 1000,
      doc: 'Most cost of all operations of a request: resolver calls plus objects, by weight.',
    },
    maxTypeCost: { schema: finite(0), doc: 'Most objects, scalars and enums by weight.' },
    maxFieldCost: { schema: finite(0), doc: 'Most resolver calls by weight.' },
    roles: {
      schema: record(limits, 'limits by role, such as { admin: { maxCost: 10000 } }'),
      default: {},
      doc: 'Limits for principals with a role. Of several roles, the most generous holds. A route with limits of its own has only the roles that it names.',
    },
    defaultListSize: {
      schema: finite(0),
      pluginOnly: true,
      doc: 'Size of a list that nothing else bounds. Without it: 10.',
    },
    strict: {
      schema: flag(),
      default: false,
      pluginOnly: true,
      doc: 'In place of `defaultListSize`: operations that ask for a list which nothing bounds are refused.',
    },
    weights: {
      schema: record(weight, "weights by coordinate, such as { 'Query.report': { cost: 50 } }"),
      default: {},
      pluginOnly: true,
      doc: 'Costs by schema coordinate; they win over directives in the schema.',
    },
    operationCost: {
      schema: record(finite(0), 'costs by kind: query, mutation, subscription'),
      default: {},
      pluginOnly: true,
      doc: 'Flat cost of an operation of each kind.',
    },
    directives: {
      schema: directiveNames,
      default: {},
      pluginOnly: true,
      doc: 'Names of the directives to read from the schema. Without them: as `@link` imports them, else `cost` and `listSize`.',
    },
    exposeLimits: {
      schema: flag(),
      doc: 'Whether answers tell costs and limits. Without it: in development yes, in production no.',
    },
    actual: {
      schema: oneOf('result', 'executing'),
      default: 'result',
      pluginOnly: true,
      doc: 'How the actual cost is counted: from the answer, or by each resolver call, which ends operations that pass a limit.',
    },
    headers: {
      schema: flag(),
      default: false,
      doc: 'Whether responses have the headers `X-Cost-Estimated`, `X-Cost-Actual` and `X-Cost-Max`.',
    },
  },
  {
    check: ({ strict, defaultListSize }) =>
      strict && defaultListSize !== undefined
        ? 'strict knows no default size of lists: remove either strict or defaultListSize'
        : undefined,
    // A route that says what everybody may spend means those with a role too, unless it names them.
    inherit: (plugin, own) =>
      [own.maxCost, own.maxTypeCost, own.maxFieldCost].some((limit) => limit !== undefined)
        ? { ...plugin, roles: {} }
        : plugin,
  },
)
