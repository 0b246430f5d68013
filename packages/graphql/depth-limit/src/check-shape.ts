import type { ClientError, CodedError, Refusal } from '@portcullis/kernel'
import type { GraphQLOperation } from '@portcullis/graphql-gate'
import { measureShape } from './core/measure-shape.ts'
import type { Shape } from './core/measure-shape.ts'
import {
  FragmentCycle,
  MaxAliasesExceeded,
  MaxDepthExceeded,
  MaxDirectivesExceeded,
  MaxIntrospectionDepthExceeded,
  MaxRootFieldsExceeded,
} from './errors.ts'
import type { ResolvedDepthLimitOptions } from './options.ts'

const LIMITS: readonly {
  readonly measure: keyof Shape
  readonly limit: 'maxDepth' | 'maxIntrospectionDepth' | 'maxAliases' | 'maxRootFields' | 'maxDirectives'
  readonly Exceeded: CodedError<string>
}[] = [
  { measure: 'depth', limit: 'maxDepth', Exceeded: MaxDepthExceeded },
  { measure: 'introspectionDepth', limit: 'maxIntrospectionDepth', Exceeded: MaxIntrospectionDepthExceeded },
  { measure: 'aliases', limit: 'maxAliases', Exceeded: MaxAliasesExceeded },
  { measure: 'rootFields', limit: 'maxRootFields', Exceeded: MaxRootFieldsExceeded },
  { measure: 'directives', limit: 'maxDirectives', Exceeded: MaxDirectivesExceeded },
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
  options: ResolvedDepthLimitOptions,
  exposeLimits: boolean,
): Refusal | undefined {
  for (const candidate of operation.candidates) {
    const shape = measureShape(candidate, operation.fragments, operation.variables)
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
