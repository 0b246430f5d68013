import {
  addCheck,
  describeOperation,
  doorsWithin,
  tightenBounds,
  useGraphqlGate,
} from '@portcullis/graphql-gate'
import { defineGate, environmentOf, onceRoutesKnown, routeOption } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { DocumentNode, GraphQLSchema } from 'graphql'
import { checkShape } from './check-shape.ts'
import { factsOf } from './core/field-facts.ts'
import { measureShape } from './core/measure-shape.ts'
import type { CyclicFragments, Shape } from './core/shape.ts'
import { NoSchemaError } from './errors.ts'
import { depthLimitOptions } from './options.ts'
import type { DepthLimitOptions, ResolvedDepthLimitOptions } from './options.ts'

/** What {@link DepthLimit.measure} may be told beside the document. */
export interface MeasureRequest {
  /** Without it, each operation of the document is measured. */
  readonly operationName?: string
  /** As a client sends them, for `@skip` and `@include`. */
  readonly variables?: Readonly<Record<string, unknown>>
  /** Default: the schema of the scope's first GraphQL route. */
  readonly schema?: GraphQLSchema
}

/** The decorator `app.depthLimit`. */
export interface DepthLimit {
  /**
   * Measures the operations of a parsed document.
   *
   * @returns the shape of each operation that may run, or `'cycle'` where a fragment spreads itself
   */
  measure(document: DocumentNode, request?: MeasureRequest): readonly (Shape | CyclicFragments)[]
}

function schemaOf(scope: FastifyInstance): GraphQLSchema | undefined {
  return doorsWithin(scope)
    .map((door) => door.schema())
    .find((one) => one !== undefined)
}

function decoratorOf(scope: FastifyInstance): DepthLimit {
  return {
    measure(document, { operationName, variables = {}, schema = schemaOf(scope) } = {}) {
      const { candidates, fragments } = describeOperation(document, variables, operationName)
      return candidates.map((candidate) => measureShape(candidate, fragments, variables, schema))
    },
  }
}

function optionsFor(request: FastifyRequest): Readonly<ResolvedDepthLimitOptions> | false {
  return routeOption<ResolvedDepthLimitOptions>(request, 'depthLimit')
}

function exposesLimits(request: FastifyRequest, options: ResolvedDepthLimitOptions): boolean {
  return options.exposeLimits ?? environmentOf(request.server) !== 'production'
}

function register(app: FastifyInstance): void {
  useGraphqlGate(app, 'depthLimit')
  if (!app.hasDecorator('depthLimit')) {
    app.decorate('depthLimit', {
      getter(this: FastifyInstance): DepthLimit {
        return decoratorOf(this)
      },
    })
  }
  onceRoutesKnown(app, () => {
    for (const { route, schema } of doorsWithin(app)) {
      const known = schema()
      if (known === undefined) throw new NoSchemaError(`${route.method} ${route.url}`)
      factsOf(known)
    }
  })
  tightenBounds(app, 'depthLimit', (request) => {
    const options = optionsFor(request)
    if (options === false) return undefined
    const { mode, maxTokens, maxBatch } = options
    return { mode, maxTokens, maxBatch, exposeLimits: exposesLimits(request, options) }
  })
  addCheck(app, {
    name: 'depthLimit',
    phase: 'shape',
    run({ request, operations, schema }) {
      const options = optionsFor(request)
      if (options === false) return undefined
      if (schema === undefined) throw new NoSchemaError(`${request.method} ${request.routeOptions.url ?? ''}`)
      for (const operation of operations) {
        const refusal = checkShape(operation, schema, options, exposesLimits(request, options))
        if (refusal !== undefined) return refusal
      }
      return undefined
    },
  })
}

/**
 * Limits the shape of GraphQL operations: depth, lists, aliases, root fields, directives, tokens, batch size and more.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_GRAPHQL_GATE_NO_DOOR, PORTCULLIS_DEPTH_LIMIT_NO_SCHEMA
 */
export const depthLimit: FastifyPluginAsync<DepthLimitOptions> = defineGate<
  DepthLimitOptions,
  ResolvedDepthLimitOptions
>({ name: 'depthLimit', package: '@portcullis/depth-limit', options: depthLimitOptions, register })
