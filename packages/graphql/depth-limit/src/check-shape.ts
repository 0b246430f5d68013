import type { ClientError, CodedError, Refusal } from '@portcullis/kernel'
import type { GraphQLOperation } from '@portcullis/graphql-gate'
import type { GraphQLSchema } from 'graphql'
import { measureShape } from './core/measure-shape.ts'
import type { Shape } from './core/shape.ts'
import {
  FragmentCycle,
  MaxAliasesExceeded,
  MaxDepthExceeded,
  MaxDirectivesExceeded,
  MaxFragmentsExceeded,
  MaxIntrospectionDepthExceeded,
  MaxIntrospectionListDepthExceeded,
  MaxListDepthExceeded,
  MaxRootFieldsExceeded,
  MaxSelectionsExceeded,
  MaxSelfReferentialDepthExceeded,
} from './errors.ts'
import type { ResolvedDepthLimitOptions } from './options.ts'

/** Each measure of a shape has a limit named after it. */
const LIMITS: readonly {
  readonly measure: keyof Shape
  readonly limit: `max${Capitalize<keyof Shape>}`
  readonly Exceeded: CodedError<string>
}[] = [
  { measure: 'fragments', limit: 'maxFragments', Exceeded: MaxFragmentsExceeded },
  { measure: 'depth', limit: 'maxDepth', Exceeded: MaxDepthExceeded },
  { measure: 'listDepth', limit: 'maxListDepth', Exceeded: MaxListDepthExceeded },
  {
    measure: 'selfReferentialDepth',
    limit: 'maxSelfReferentialDepth',
    Exceeded: MaxSelfReferentialDepthExceeded,
  },
  { measure: 'introspectionDepth', limit: 'maxIntrospectionDepth', Exceeded: MaxIntrospectionDepthExceeded },
  {
    measure: 'introspectionListDepth',
    limit: 'maxIntrospectionListDepth',
    Exceeded: MaxIntrospectionListDepthExceeded,
  },
  { measure: 'aliases', limit: 'maxAliases', Exceeded: MaxAliasesExceeded },
  { measure: 'rootFields', limit: 'maxRootFields', Exceeded: MaxRootFieldsExceeded },
  { measure: 'directives', limit: 'maxDirectives', Exceeded: MaxDirectivesExceeded },
  { measure: 'selections', limit: 'maxSelections', Exceeded: MaxSelectionsExceeded },
]

function refusal(
  error: ClientError,
  options: ResolvedDepthLimitOptions,
  numbers: { readonly limit?: number; readonly actual?: number } = {},
): Refusal {
  return {
    gate: 'depthLimit',
    error,
    mode: options.mode,
    event: { type: 'query.depth_exceeded', severity: 'WARNING', details: { code: error.code, ...numbers } },
  }
}

/** Judges the shape of one operation; of several candidates, each. */
export function checkShape(
  operation: GraphQLOperation,
  schema: GraphQLSchema,
  options: ResolvedDepthLimitOptions,
  exposeLimits: boolean,
): Refusal | undefined {
  for (const candidate of operation.candidates) {
    const shape = measureShape(candidate, operation.fragments, operation.variables, schema)
    if (shape === 'cycle') return refusal(new FragmentCycle(), options)
    for (const { measure, limit: key, Exceeded } of LIMITS) {
      const actual = shape[measure]
      const limit = options[key]
      if (actual <= limit) continue
      const error = exposeLimits ? new Exceeded(` ${actual}`, ` ${limit}`) : new Exceeded('', '')
      return refusal(error, options, { limit, actual })
    }
  }
  return undefined
}
