import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { principalOf, resolvePrincipal } from './principal.ts'
import type { Principal } from './principal.ts'
import { greet } from './requests/arrival.ts'
import { replaceDefaultRequestIds } from './requests/request-id.ts'
import { checkRoutes } from './routes/check-routes.ts'
import { recordRoute } from './routes/route-record.ts'
import { stateOf } from './state.ts'

const INSTALLED = Symbol.for('portcullis.installed/1')

/** The first hook of a request in a scope with gates. */
function portcullisArrival(
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction,
): void {
  greet(request, reply)
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
