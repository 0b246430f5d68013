import { isWithin } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import { addFieldStep } from '../fields/field-step.ts'
import type { FieldHandler, FieldTarget } from '../fields/field-step.ts'
import { gateStateOf } from '../state.ts'
import { EventStream, LastEvent } from './event-stream.ts'
import { keepStream } from './open-streams.ts'
import type { SubscriptionStep } from './subscription-step.ts'

function stepsFor(request: FastifyRequest | undefined): readonly SubscriptionStep[] {
  if (request === undefined) return []
  const { server } = request
  return gateStateOf(server)
    .subscriptionSteps.visibleFrom(server)
    .map(({ value }) => value)
}

/** Puts a stream that gates can end in the place of a subscription's source. */
const startStream: FieldHandler = ({ request, info }, next) => {
  const steps = stepsFor(request)
  // Without a request it is the app's own subscription, not a client's.
  if (request === undefined || steps.length === 0) return next()
  const stream = new EventStream(request, info.fieldName, steps)
  keepStream(stream)
  return stream.open(next)
}

/** Tells the error that ends a subscription in the place where its event would be. */
const tellEnd: FieldHandler = ({ source }, next) => {
  if (!(source instanceof LastEvent)) return next()
  const { message, code, extensions } = source.error
  throw new GraphQLError(message, { extensions: { ...extensions, code } })
}

function onSubscriptionField(handler: FieldHandler): (target: FieldTarget) => FieldHandler | undefined {
  return ({ schema, type }) => (type === schema.getSubscriptionType() ? handler : undefined)
}

const NAME = 'subscriptions'

function isFollowed(scope: FastifyInstance): boolean {
  return gateStateOf(scope)
    .fieldSteps.all()
    .some((entry) => entry.scope === scope && entry.value.name === NAME)
}

/** The scopes that graphql-gate is loaded in, as far as they and a scope with a step hold for the same routes. */
function sharedScopes(app: FastifyInstance): readonly FastifyInstance[] {
  const { guards, subscriptionSteps } = gateStateOf(app)
  return guards.flatMap(({ scope }) =>
    subscriptionSteps.all().flatMap((step) => {
      if (isWithin(scope, step.scope)) return [scope]
      return isWithin(step.scope, scope) ? [step.scope] : []
    }),
  )
}

/**
 * Wraps the subscription fields of schemas where there is both a gate that has something to do with subscriptions and
 * graphql-gate, in whichever order they come: other apps pay nothing for it.
 */
export function followSubscriptions(app: FastifyInstance): void {
  for (const scope of sharedScopes(app)) {
    if (isFollowed(scope)) continue
    addFieldStep(scope, {
      name: NAME,
      phase: 'time',
      plan: onSubscriptionField(tellEnd),
      subscribe: onSubscriptionField(startStream),
    })
  }
}
