import type { Refusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { gateStateOf } from '../state.ts'
import { followSubscriptions } from './follow-subscriptions.ts'

/** A subscription that a client has started: its source stream is open, or about to be. */
export interface RunningSubscription {
  /** The request that started it; over WebSocket, that of this operation alone. */
  readonly request: FastifyRequest
  /** The field of the subscription type, by its name in the schema. */
  readonly field: string
  /**
   * Ends it at once, whatever its source is doing: the refusal's error is the last that the client gets of it, nothing
   * of the source is delivered any more, and the source is told to stop. A refusal that is only measured is recorded and
   * ends nothing. What ended already stays as it ended.
   */
  end(refusal: Refusal): Promise<void>
}

/** What a gate does with the subscriptions of a scope, through every door. */
export interface SubscriptionStep {
  /** The gate's name. The innermost scope's step of a name replaces the outer ones. */
  readonly name: string
  /**
   * Told of each before its source is asked to start.
   *
   * @returns what is called once when it is over, however it ends
   */
  readonly started?: (subscription: RunningSubscription) => (() => void) | undefined
  /**
   * Judges each event before any resolver runs for it, one after the other. A refusal ends the subscription in place of
   * the event; where this throws or rejects, so does the source.
   */
  readonly event?: (subscription: RunningSubscription) => Refusal | undefined | Promise<Refusal | undefined>
}

/**
 * Adds a step to a scope.
 *
 * @throws PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION when the scope has one of this name
 */
export function addSubscriptionStep(app: FastifyInstance, step: SubscriptionStep): void {
  gateStateOf(app).subscriptionSteps.add(app, step.name, step)
  followSubscriptions(app)
}
