import {
  addAnswerStep,
  addCheck,
  describeOperation,
  doorsWithin,
  useGraphqlGate,
} from '@portcullis/graphql-gate'
import { createScopedValue, defineGate, onceRoutesKnown, routeOption } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { DocumentNode, GraphQLSchema } from 'graphql'
import { checkCost, priceOf } from './check-cost.ts'
import { explainCost } from './core/index.ts'
import type { Coordinate, CostEstimate, CostExplanation, CostModel, InferredListSize } from './core/index.ts'
import { countFields } from './count-fields.ts'
import { NoSchemaError } from './errors.ts'
import { createModels } from './models.ts'
import type { Models } from './models.ts'
import { queryCostOptions } from './options.ts'
import type { QueryCostOptions, ResolvedQueryCostOptions } from './options.ts'
import { costRequestOf } from './priced-operation.ts'
import { requestCostOf } from './request-cost.ts'
import type { RequestCost } from './request-cost.ts'
import { tellCost } from './tell-cost.ts'

/** What {@link QueryCost.analyze} may be told beside the document. */
export interface AnalyzeRequest {
  /** As a client sends them, not coerced. */
  readonly variables?: Readonly<Record<string, unknown>>
  /** Without it, the price is a bound for every operation of the document. */
  readonly operationName?: string
  /** Default: the schema of the scope's first GraphQL route. */
  readonly schema?: GraphQLSchema
}

/** The decorator `app.queryCost`. */
export interface QueryCost {
  /**
   * Prices an operation of a parsed document with the weights of this scope.
   *
   * @throws PORTCULLIS_QUERY_COST_NO_SCHEMA when no schema is given and the scope has no GraphQL route with one
   */
  analyze(document: DocumentNode, request?: AnalyzeRequest): CostEstimate
  /**
   * The same with the parts that the price is made of, one for each path of the answer. For people, not for requests.
   *
   * @throws PORTCULLIS_QUERY_COST_NO_SCHEMA when no schema is given and the scope has no GraphQL route with one
   */
  explain(document: DocumentNode, request?: AnalyzeRequest): CostExplanation
  /** List sizes that were inferred from argument and field names, for review. */
  inferred(schema?: GraphQLSchema): readonly InferredListSize[]
  /** Lists that nothing but `defaultListSize` bounds, for review; with `strict`, none of them can be asked for. */
  unbounded(schema?: GraphQLSchema): readonly Coordinate[]
}

const modelsOf = createScopedValue<Models>()

function modelsFor(scope: FastifyInstance): Models {
  const models = modelsOf.get(scope)
  if (models === undefined) throw new NoSchemaError('a scope in which queryCost is not registered')
  return models
}

function schemaOf(scope: FastifyInstance): GraphQLSchema {
  const schema = doorsWithin(scope)
    .map((door) => door.schema())
    .find((one) => one !== undefined)
  if (schema === undefined) throw new NoSchemaError('this scope')
  return schema
}

function decorate(app: FastifyInstance): void {
  if (!app.hasDecorator('queryCost')) {
    app.decorate('queryCost', {
      getter(this: FastifyInstance): QueryCost {
        const models = modelsFor(this)
        return {
          analyze: (document, { variables = {}, operationName, schema = schemaOf(this) } = {}) =>
            priceOf(models(schema), describeOperation(document, variables, operationName)),
          explain: (document, { variables = {}, operationName, schema = schemaOf(this) } = {}) => {
            const operation = describeOperation(document, variables, operationName)
            return explainCost(models(schema), document, costRequestOf(operation))
          },
          inferred: (schema = schemaOf(this)) => models(schema).inferred,
          unbounded: (schema = schemaOf(this)) => models(schema).unbounded,
        }
      },
    })
  }
  if (!app.hasRequestDecorator('queryCost')) {
    app.decorateRequest('queryCost', {
      getter(this: FastifyRequest): RequestCost | undefined {
        return requestCostOf(this)
      },
    })
  }
}

/** What can be used does not stop the server, but other tools read it differently. */
function reportDepartures(app: FastifyInstance, { departures }: CostModel): void {
  if (departures.length === 0) return
  app.log.warn(
    { code: 'QUERY_COST_DEPARTURES', departures },
    'queryCost: the schema departs from the validation rules of the cost directives (section 9 of their specification). `portcullis-query-cost lint` lists the same.',
  )
}

function register(app: FastifyInstance, options: Readonly<ResolvedQueryCostOptions>): void {
  useGraphqlGate(app, 'queryCost')
  decorate(app)
  const models = createModels(options)
  modelsOf.set(app, models)
  onceRoutesKnown(app, () => {
    const inUse = new Set<CostModel>()
    for (const { route, schema } of doorsWithin(app)) {
      const known = schema()
      if (known === undefined) throw new NoSchemaError(`${route.method} ${route.url}`)
      inUse.add(models(known))
    }
    for (const model of inUse) reportDepartures(app, model)
  })
  addAnswerStep(app, { name: 'queryCost', run: tellCost })
  if (options.actual === 'executing') countFields(app, models)
  addCheck(app, {
    name: 'queryCost',
    phase: 'price',
    run(batch) {
      const { request, schema } = batch
      const routeOptions = routeOption<ResolvedQueryCostOptions>(request, 'queryCost')
      if (routeOptions === false) return undefined
      if (schema === undefined) throw new NoSchemaError(`${request.method} ${request.routeOptions.url ?? ''}`)
      return checkCost(batch, models(schema), routeOptions)
    },
  })
}

/**
 * Prices GraphQL operations before they run and refuses those that cost more than they may.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_GRAPHQL_GATE_NO_DOOR, PORTCULLIS_QUERY_COST_INVALID_MODEL,
 * PORTCULLIS_QUERY_COST_NO_SCHEMA
 */
export const queryCost: FastifyPluginAsync<QueryCostOptions> = defineGate<
  QueryCostOptions,
  ResolvedQueryCostOptions
>({
  name: 'queryCost',
  package: '@portcullis/query-cost',
  options: queryCostOptions,
  register,
})
