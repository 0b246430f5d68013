import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { checkUnseenRoute } from '../routes/check-routes.ts'
import { routeRecordOf } from '../routes/route-record.ts'
import { stateOf } from '../state.ts'
import { assignRequestId } from './request-id.ts'
import { requestStateOf } from './request-state.ts'
import { armSettled } from './settled.ts'

/**
 * Sees a request before any hook of the app does. It may set headers of the reply, or answer.
 *
 * @returns whether it has answered
 */
export type ArrivalListener = (request: FastifyRequest, reply: FastifyReply) => boolean

/** Gives a request its id, watches its end, and checks its route where that could not be checked at boot. Once. */
export function greet(request: FastifyRequest, reply: FastifyReply): void {
  const state = requestStateOf(request)
  if (state.armed) return
  state.armed = true
  assignRequestId(request, reply)
  armSettled(request, reply)
  const route = routeRecordOf(request)
  if (!route.seen && !request.is404) checkUnseenRoute(route)
}

/** The first hook of all, where some gate listens to arrivals. What throws ends the request. */
export function portcullisFirst(
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction,
): void {
  const { arrivals } = stateOf(request.server)
  if (arrivals.length > 0) {
    greet(request, reply)
    for (const listener of arrivals) if (listener(request, reply)) return
  }
  done()
}

/** Fastify's scopes have their parent as prototype. */
function outermost(app: FastifyInstance): FastifyInstance {
  const parent = Object.getPrototypeOf(app) as FastifyInstance | null
  return parent === null || parent === Object.prototype ? app : outermost(parent)
}

/**
 * Calls `listener` for every request of the app, of every scope and of no route, before any hook of the app: what an
 * app's own hook answers, such as a 401, has the headers that it sets. Where the kernel was loaded after `Fastify()`
 * was called, hooks that were there already come first.
 */
export function onArrival(app: FastifyInstance, listener: ArrivalListener): void {
  const { arrivals, sawEveryRoute } = stateOf(app)
  if (arrivals.push(listener) === 1 && !sawEveryRoute) outermost(app).addHook('onRequest', portcullisFirst)
}
