import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { principalOf, resolvePrincipal } from './principal.ts'
import type { Principal } from './principal.ts'
import { assignRequestId, replaceDefaultRequestIds } from './requests/request-id.ts'
import { requestStateOf } from './requests/request-state.ts'
import { armSettled } from './requests/settled.ts'
import { checkRoutes, checkUnseenRoute } from './routes/check-routes.ts'
import { recordRoute, routeRecordOf } from './routes/route-record.ts'
import { stateOf } from './state.ts'

const INSTALLED = Symbol.for('portcullis.installed/1')

/** The first hook of a request: its id, its end, and a check of its route where that could not be checked at boot. */
function portcullisArrival(
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction,
): void {
  const state = requestStateOf(request)
  if (state.armed) return done()
  state.armed = true
  assignRequestId(request, reply)
  armSettled(request, reply)
  const route = routeRecordOf(request)
  if (!route.seen && !request.is404) checkUnseenRoute(route)
  done()
}

function decorate(app: FastifyInstance): void {
  if (!app.hasDecorator('securityEvents')) {
    app.decorate('securityEvents', {
      getter(this: FastifyInstance) {
        return stateOf(this).events
      },
    })
  }
  if (!app.hasRequestDecorator('principal')) {
    app.decorateRequest('principal', {
      getter(this: FastifyRequest): Principal {
        return principalOf(this)
      },
    })
  }
  if (!app.hasRequestDecorator('resolvePrincipal')) {
    app.decorateRequest('resolvePrincipal', function (this: FastifyRequest) {
      return resolvePrincipal(this)
    })
  }
}

/**
 * Loads the kernel into a scope: decorators, request ids, the end of each request, the check of route options at boot.
 * Every gate calls it first; calling it again, in any scope and order, changes nothing.
 */
export function useKernel(app: FastifyInstance): void {
  const marked = app as FastifyInstance & { [INSTALLED]?: true }
  if (marked[INSTALLED] === true) return
  marked[INSTALLED] = true
  const state = stateOf(app)
  decorate(app)
  replaceDefaultRequestIds(app)
  if (!state.sawEveryRoute) app.addHook('onRoute', recordRoute)
  app.addHook('onRequest', portcullisArrival)
  app.addHook('onReady', async function portcullisReady() {
    await checkRoutes(app)
  })
}
