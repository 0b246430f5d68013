import { decide, formatRefusals, holdDefaults, useKernel } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { formatGraphqlRefusal } from './answers/format-refusal.ts'
import { answerUnreadableBodies } from './answers/unreadable-body.ts'
import { rewriteResponse } from './answers/rewrite-response.ts'
import { introspectionCheck } from './checks/introspection.ts'
import { addCheck } from './checks/operation-check.ts'
import type { GraphQLOperation } from './core/operation.ts'
import type { Door } from './doors/door.ts'
import { findDoors } from './doors/find-doors.ts'
import { abortOf } from './fields/abort.ts'
import { graphqlGateOptions } from './options.ts'
import { guardSockets } from './sockets/guard-sockets.ts'
import { decideBounds } from './stages/bounds.ts'
import { decideOperations } from './stages/operations.ts'
import { ledgerOf } from './stages/request-ledger.ts'
import { gateStateOf } from './state.ts'
import { followSubscriptions } from './subscriptions/follow-subscriptions.ts'

/** The decorator `app.graphqlGate`. */
export interface GraphqlGate {
  /** The GraphQL routes of the app, known once it is ready. */
  doors(): readonly { readonly method: string; readonly url: string; readonly engine: Door['engine'] }[]
}

const INSTALLED = Symbol.for('portcullis.graphql-gate-installed/1')

function decorate(app: FastifyInstance): void {
  if (!app.hasDecorator('graphqlGate')) {
    app.decorate('graphqlGate', {
      getter(this: FastifyInstance): GraphqlGate {
        const { doors } = gateStateOf(this)
        return {
          doors: () =>
            [...doors.values()].map(({ route, engine }) => ({
              method: route.method,
              url: route.url,
              engine,
            })),
        }
      },
    })
  }
  if (!app.hasRequestDecorator('graphqlOperations')) {
    app.decorateRequest('graphqlOperations', {
      getter(this: FastifyRequest): readonly GraphQLOperation[] {
        return ledgerOf(this).operations
      },
    })
  }
  if (!app.hasRequestDecorator('graphqlSignal')) {
    app.decorateRequest('graphqlSignal', {
      getter(this: FastifyRequest): AbortSignal {
        return abortOf(this).signal
      },
    })
  }
}

/**
 * Loads graphql-gate into a scope: finds the doors, bounds and reads their requests, runs the checks. Every GraphQL gate
 * calls it; calling it again changes nothing but the name that must see a door.
 *
 * @param guard the gate that must see a door in this scope, or the app does not boot
 * @param needsDoor `false` for a gate that has other work where there is no door. It bounds no operation, so a door in
 * whose scope there is nothing else is unguarded
 */
export function useGraphqlGate(app: FastifyInstance, guard: string, needsDoor = true): void {
  useKernel(app)
  gateStateOf(app).guards.push({ name: guard, scope: app, needsDoor })
  followSubscriptions(app)
  const marked = app as FastifyInstance & { [INSTALLED]?: true }
  if (marked[INSTALLED] === true) return
  marked[INSTALLED] = true
  decorate(app)
  holdDefaults(app, graphqlGateOptions)
  formatRefusals(app, formatGraphqlRefusal)
  findDoors(app)
  addCheck(app, introspectionCheck)
  guardSockets(app)
  decide(app, { stage: 'preValidation', phase: 'bounds', name: 'graphqlGate', run: decideBounds })
  decide(app, { stage: 'preHandler', phase: 'operation', name: 'graphqlGate', run: decideOperations })
  app.addHook('preSerialization', rewriteResponse)
  answerUnreadableBodies(app)
}
