import diagnosticsChannel from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import { portcullisFirst } from './requests/arrival.ts'
import { recordRoute } from './routes/route-record.ts'
import { stateOf } from './state.ts'

// Static imports run before the importing module calls Fastify(), so this sees every route in every order of
// registration, which a plugin's own onRoute hook does not, and every request before the hooks of the app.
diagnosticsChannel.subscribe('fastify.initialization', (message) => {
  const app = (message as { fastify: FastifyInstance }).fastify
  stateOf(app).sawEveryRoute = true
  app.addHook('onRoute', recordRoute)
  app.addHook('onRequest', portcullisFirst)
})
