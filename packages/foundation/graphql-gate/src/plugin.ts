import { defineGate } from '@portcullis/kernel'
import type { FastifyPluginAsync } from 'fastify'
import { provideDoorSettings } from './doors/find-doors.ts'
import { endLateFields } from './fields/deadline.ts'
import { graphqlGateOptions } from './options.ts'
import type { GraphqlGateOptions, ResolvedGraphqlGateOptions } from './options.ts'
import { gateStateOf } from './state.ts'
import { useGraphqlGate } from './use-graphql-gate.ts'

/**
 * graphql-gate, for apps that want to tell it something: routes that a server plugin declares, bounds on the source,
 * stored documents. GraphQL gates load it by themselves; register it before or after them.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_GRAPHQL_GATE_NO_DOOR
 */
export const graphqlGate: FastifyPluginAsync<GraphqlGateOptions> = defineGate<
  GraphqlGateOptions,
  ResolvedGraphqlGateOptions
>({
  name: 'graphqlGate',
  package: '@portcullis/graphql-gate',
  options: graphqlGateOptions,
  register(app, options) {
    useGraphqlGate(app, options.trustedDocuments ? 'trustedDocuments' : 'graphqlGate')
    if (options.executionTimeout !== undefined) endLateFields(app)
    provideDoorSettings(app, options.routes)
    if (options.otherSockets) gateStateOf(app).otherSockets = true
  },
})
