import graphqlGate from '@portcullis/graphql-gate'
import type { GraphqlGateOptions } from '@portcullis/graphql-gate'
import kernel from '@portcullis/kernel'
import queryCost from '@portcullis/query-cost'
import type { QueryCostOptions } from '@portcullis/query-cost'
import type { FastifyInstance } from 'fastify'
import { SERVERS } from '../doors/servers.ts'
import type { Server } from '../doors/server.ts'
import { operation } from './acceptance.ts'

/** What a test of prices sets. */
export interface PricedApp {
  readonly schema: string
  readonly options?: QueryCostOptions
  readonly config?: Record<string, unknown>
  /** What graphql-gate is told, where it is told anything. */
  readonly graphqlGateOptions?: GraphqlGateOptions
  readonly environment?: 'production' | 'development'
  readonly server?: Server | undefined
}

/** Builds an app whose GraphQL route has prices; the caller names itself and its role in headers. */
export function pricedApp(parts: PricedApp): (withGate: boolean) => FastifyInstance {
  const { schema, options = {}, config = {}, environment = 'development', graphqlGateOptions } = parts
  const { server = SERVERS[0] } = parts
  if (server === undefined) throw new Error('there is no server')
  return (withGate) =>
    server.build({
      schema,
      guarded: withGate || graphqlGateOptions !== undefined,
      config,
      register(app) {
        void app.register(kernel, {
          environment,
          identify: ({ headers }) =>
            typeof headers['x-role'] === 'string' ? { id: 'somebody', roles: [headers['x-role']] } : null,
        })
        if (graphqlGateOptions !== undefined) void app.register(graphqlGate, graphqlGateOptions)
        if (withGate) void app.register(queryCost, options)
      },
    })
}

interface Told {
  readonly extensions?: { readonly cost?: { readonly requestedQueryCost?: number } }
}

/** The price that an answer tells, whether it was paid or refused. */
export async function priceTold(
  app: FastifyInstance,
  query: string,
  variables?: Record<string, unknown>,
  operationName?: string,
): Promise<number | undefined> {
  const answer = await app.inject(operation(query, variables, operationName))
  const { extensions, errors } = answer.json<Told & { errors?: Told[] }>()
  return (extensions ?? errors?.[0]?.extensions)?.cost?.requestedQueryCost
}
