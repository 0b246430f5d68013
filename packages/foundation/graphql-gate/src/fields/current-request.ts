import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { doorOf } from '../doors/door-of.ts'
import type { MercuriusContext } from '../doors/mercurius-engine.ts'
import { isUpgrade } from '../sockets/is-upgrade.ts'
import { passesOf } from './passes.ts'
import type { Passes } from './passes.ts'

/** A request with its reply. */
export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** An exchange in which resolvers run. */
export interface Running extends Exchange {
  readonly passes: Passes
}

const current = new AsyncLocalStorage<Running | undefined>()

function runningOf({ request, reply }: Exchange): Running {
  return { request, reply, passes: passesOf(request) }
}

/** Handlers give their resolvers any context or none, so the request is known by what runs in it. */
function portcullisFields(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  // A socket lives on in what its handler starts: each of its operations runs as itself.
  if (doorOf(request) === undefined || isUpgrade(request)) current.run(undefined, done)
  else current.run(runningOf({ request, reply }), done)
}

/** Runs what an operation does on behalf of its own request. */
export function runAs(exchange: Exchange, run: () => void): void {
  current.run(runningOf(exchange), run)
}

const FOLLOWED = Symbol.for('portcullis.graphql-followed/1')

/** Makes the requests of a scope's doors known to what their handlers call. Once for each scope. */
export function followRequests(app: FastifyInstance): void {
  const marked = app as FastifyInstance & { [FOLLOWED]?: true }
  if (marked[FOLLOWED] === true) return
  marked[FOLLOWED] = true
  app.addHook('preHandler', portcullisFields)
}

/** The request of a door whose handler this runs in, if it does. */
export function currentExchange(): Running | undefined {
  return current.getStore()
}

function isRequest(value: unknown): value is FastifyRequest {
  return typeof value === 'object' && value !== null && 'raw' in value && 'server' in value
}

/** The request that a context of resolvers tells of: for what runs outside of any exchange. */
export function requestInContext(context: unknown): FastifyRequest | undefined {
  if (typeof context !== 'object' || context === null) return undefined
  const { reply, request } = context as MercuriusContext
  return [reply?.request, request].find(isRequest)
}
