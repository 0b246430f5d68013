import diagnosticsChannel from 'node:diagnostics_channel'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { EventNotRecordedError } from '../errors.ts'
import { requestStateOf } from '../requests/request-state.ts'
import { traceContextOf } from '../requests/trace-context.ts'
import type { SecurityEvent, SecurityEventInput, SecurityEventType } from './event-types.ts'

/** The channel of `node:diagnostics_channel` on which every event appears too, for APM tools. */
export const SECURITY_EVENT_CHANNEL = 'portcullis.security-event'

/**
 * Receives an event and the request that it came of, where there is one. A durable listener returns a promise that
 * settles when the event is recorded.
 */
export type SecurityEventListener = (event: SecurityEvent, request?: FastifyRequest) => unknown

/** The bus that all gates of an app publish to. */
export interface SecurityEvents {
  /**
   * Publishes an event, with the facts of the request where one is given.
   *
   * @returns a promise that settles when every durable subscriber has acknowledged; most callers don't wait for it
   * @throws (rejects) PORTCULLIS_KERNEL_EVENT_NOT_RECORDED when a durable subscriber failed; a caller that does not
   * wait is not troubled by it, and what an ordinary subscriber throws is only logged
   */
  publish<Type extends SecurityEventType>(
    event: SecurityEventInput<Type>,
    request?: FastifyRequest,
  ): Promise<void>
  /** Whether anybody hears what is published; who publishes often need not put together what nobody hears. */
  readonly hasSubscribers: boolean
  /** Whether anybody records what is published, so that {@link publish} says more than that nobody failed. */
  readonly hasDurableSubscribers: boolean
  /** @returns a function that ends the subscription */
  subscribe(listener: SecurityEventListener, options?: { readonly durable?: boolean }): () => void
}

interface Subscriber {
  readonly listener: SecurityEventListener
  readonly durable: boolean
}

function withFacts(input: SecurityEventInput, now: number, request?: FastifyRequest): SecurityEvent {
  const time = new Date(now).toISOString()
  if (request === undefined) return Object.freeze({ ...input, time })
  const { principal } = requestStateOf(request)
  return Object.freeze({
    ...input,
    time,
    requestId: request.id,
    trace: traceContextOf(request),
    route: request.routeOptions.url,
    method: request.method,
    principal: principal && { kind: principal.kind, id: principal.id, tenantId: principal.tenantId },
  })
}

const RECORDED: Promise<void> = Promise.resolve()

/** Creates the bus of one app. */
export function createEventBus(log: FastifyBaseLogger, now: () => number): SecurityEvents {
  const subscribers = new Set<Subscriber>()
  const channel = diagnosticsChannel.channel(SECURITY_EVENT_CHANNEL)

  async function deliver(
    subscriber: Subscriber,
    event: SecurityEvent,
    request: FastifyRequest | undefined,
  ): Promise<void> {
    try {
      await subscriber.listener(event, request)
    } catch (error) {
      log.error({ err: error, event: event.type }, 'a subscriber of security events failed')
      if (subscriber.durable) throw new EventNotRecordedError(event.type)
    }
  }

  const isHeard = (): boolean => subscribers.size > 0 || channel.hasSubscribers

  return {
    get hasSubscribers() {
      return isHeard()
    },
    get hasDurableSubscribers() {
      return [...subscribers].some(({ durable }) => durable)
    },
    publish(input, request) {
      // Most refusals of a flood have nobody to hear of them.
      if (!isHeard()) return RECORDED
      const event = withFacts(input, now(), request)
      if (channel.hasSubscribers) channel.publish(event)
      const all = [...subscribers].map((subscriber) => deliver(subscriber, event, request))
      const done = Promise.all(all).then(() => undefined)
      // Callers that don't wait must not end the process with an unhandled rejection; those that do still see it.
      done.catch(() => undefined)
      return done
    },
    subscribe(listener, options = {}) {
      const subscriber = { listener, durable: options.durable === true }
      subscribers.add(subscriber)
      return () => subscribers.delete(subscriber)
    },
  }
}
