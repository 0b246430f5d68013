import { addCheck, describeOperation, tightenBounds, useGraphqlGate } from '@portcullis/graphql-gate'
import { defineGate, environmentOf, routeOption } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { DocumentNode } from 'graphql'
import { checkShape } from './check-shape.ts'
import { measureShape } from './core/measure-shape.ts'
import type { CyclicFragments, Shape } from './core/measure-shape.ts'
import { depthLimitOptions } from './options.ts'
import type { DepthLimitOptions, ResolvedDepthLimitOptions } from './options.ts'

/** The decorator `app.depthLimit`. */
export interface DepthLimit {
  /**
   * Measures the operations of a parsed document.
   *
   * @returns the shape of each operation that may run, or `'cycle'` where a fragment spreads itself
   */
  measure(
    document: DocumentNode,
    request?: { readonly operationName?: string; readonly variables?: Readonly<Record<string, unknown>> },
  ): readonly (Shape | CyclicFragments)[]
}

const decorator: DepthLimit = {
  measure(document, { operationName, variables = {} } = {}) {
    const { candidates, fragments } = describeOperation(document, variables, operationName)
    return candidates.map((candidate) => measureShape(candidate, fragments, variables))
  },
}

function optionsFor(request: FastifyRequest): Readonly<ResolvedDepthLimitOptions> | false {
  return routeOption<ResolvedDepthLimitOptions>(request, 'depthLimit')
}

function exposesLimits(request: FastifyRequest, options: ResolvedDepthLimitOptions): boolean {
  return options.exposeLimits ?? environmentOf(request.server) !== 'production'
}

function register(app: FastifyInstance): void {
  useGraphqlGate(app, 'depthLimit')
  if (!app.hasDecorator('depthLimit')) app.decorate('depthLimit', { getter: () => decorator })
  tightenBounds(app, 'depthLimit', (request) => {
    const options = optionsFor(request)
    if (options === false) return undefined
    const { mode, maxTokens, maxBatch } = options
    return { mode, maxTokens, maxBatch, exposeLimits: exposesLimits(request, options) }
  })
  addCheck(app, {
    name: 'depthLimit',
    phase: 'shape',
    run({ request, operations }) {
      const options = optionsFor(request)
      if (options === false) return undefined
      for (const operation of operations) {
        const refusal = checkShape(operation, options, exposesLimits(request, options))
        if (refusal !== undefined) return refusal
      }
      return undefined
    },
  })
}

/**
 * Limits the shape of GraphQL operations: depth, aliases, root fields, directives, tokens, batch size.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_GRAPHQL_GATE_NO_DOOR
 */
export const depthLimit: FastifyPluginAsync<DepthLimitOptions> = defineGate<
  DepthLimitOptions,
  ResolvedDepthLimitOptions
>({ name: 'depthLimit', package: '@portcullis/depth-limit', options: depthLimitOptions, register })
