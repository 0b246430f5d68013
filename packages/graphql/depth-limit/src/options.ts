import { defineOptions, flag, integer, mode } from '@portcullis/kernel'
import type { Mode, OptionSet } from '@portcullis/kernel'

/** Options of depth-limit, for the plugin and for a route's `config.depthLimit`. */
export interface DepthLimitOptions {
  /** `measure` reports what would be refused and refuses nothing. Default: `enforce`. */
  mode?: Mode | undefined
  /** Most levels of fields. A root field is level 1, fragments add none. Default: 10. */
  maxDepth?: number | undefined
  /** Most lists within lists, by the schema. Default: 6. */
  maxListDepth?: number | undefined
  /** How often one field may stand on one path, by the schema: `user { friends { friends } }` is 2. Default: 8. */
  maxSelfReferentialDepth?: number | undefined
  /** Most levels of fields from `__schema` or `__type` on; the standard introspection query has 15. Default: 20. */
  maxIntrospectionDepth?: number | undefined
  /** Most lists within lists from `__schema` or `__type` on; the standard introspection query has 3. Default: 4. */
  maxIntrospectionListDepth?: number | undefined
  /** Most fields with an alias, once for each selection set they are spread into. Default: 30. */
  maxAliases?: number | undefined
  /** Most different response names at the root. Default: 20. */
  maxRootFields?: number | undefined
  /** Most directives in the operation, once for each selection set they are spread into. Default: 50. */
  maxDirectives?: number | undefined
  /** Most fields, once for each selection set they are spread into. Default: 10,000. */
  maxSelections?: number | undefined
  /** Most fragments that a document defines. Default: 200. */
  maxFragments?: number | undefined
  /** Most lexical tokens of one document, counted before it is parsed. Default: 2,000. */
  maxTokens?: number | undefined
  /** Most operations of a batch. Default: 10. */
  maxBatch?: number | undefined
  /** Whether refusals tell their numbers. Default: in development yes, in production no. */
  exposeLimits?: boolean | undefined
}

/** {@link DepthLimitOptions} with their defaults. */
export interface ResolvedDepthLimitOptions {
  readonly mode: Mode
  readonly maxDepth: number
  readonly maxListDepth: number
  readonly maxSelfReferentialDepth: number
  readonly maxIntrospectionDepth: number
  readonly maxIntrospectionListDepth: number
  readonly maxAliases: number
  readonly maxRootFields: number
  readonly maxDirectives: number
  readonly maxSelections: number
  readonly maxFragments: number
  readonly maxTokens: number
  readonly maxBatch: number
  readonly exposeLimits: boolean | undefined
}

/** The options of depth-limit as a checked set. */
export const depthLimitOptions: OptionSet<ResolvedDepthLimitOptions> =
  defineOptions<ResolvedDepthLimitOptions>('depthLimit', {
    mode: {
      schema: mode,
      default: 'enforce',
      doc: '`measure` reports what would be refused and refuses nothing.',
    },
    maxDepth: {
      schema: integer(1),
      default: 10,
      doc: 'Most levels of fields. A root field is level 1, fragments add none.',
    },
    maxListDepth: {
      schema: integer(0),
      default: 6,
      doc: 'Most lists within lists, by the schema.',
    },
    maxSelfReferentialDepth: {
      schema: integer(1),
      default: 8,
      doc: 'How often one field may stand on one path, by the schema: `user { friends { friends } }` is 2.',
    },
    maxIntrospectionDepth: {
      schema: integer(1),
      default: 20,
      doc: 'Most levels of fields from `__schema` or `__type` on. The standard introspection query has 15.',
    },
    maxIntrospectionListDepth: {
      schema: integer(0),
      default: 4,
      doc: 'Most lists within lists from `__schema` or `__type` on. The standard introspection query has 3.',
    },
    maxAliases: {
      schema: integer(0),
      default: 30,
      doc: 'Most fields with an alias, once for each selection set they are spread into.',
    },
    maxRootFields: {
      schema: integer(1),
      default: 20,
      doc: 'Most different response names at the root.',
    },
    maxDirectives: {
      schema: integer(0),
      default: 50,
      doc: 'Most directives in the operation, once for each selection set they are spread into.',
    },
    maxSelections: {
      schema: integer(1),
      default: 10000,
      doc: 'Most fields, once for each selection set they are spread into.',
    },
    maxFragments: {
      schema: integer(0),
      default: 200,
      doc: 'Most fragments that a document defines.',
    },
    maxTokens: {
      schema: integer(1),
      default: 2000,
      doc: 'Most lexical tokens of one document, counted before it is parsed. Tightens graphql-gate’s own bound.',
    },
    maxBatch: {
      schema: integer(1),
      default: 10,
      doc: 'Most operations of a batch. Tightens graphql-gate’s own bound.',
    },
    exposeLimits: {
      schema: flag(),
      doc: 'Whether refusals tell their numbers. Without it: in development yes, in production no.',
    },
  })
