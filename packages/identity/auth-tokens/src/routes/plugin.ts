import { provideRouteConfig, useKernel } from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { RoutesUnusableError } from '../errors.ts'
import { registrations } from '../registration.ts'
import { LONGEST_BODY } from './bodies.ts'
import { parseForm } from './form.ts'
import { introspect } from './introspect.ts'
import { sendJwks } from './jwks.ts'
import { answerOAuthError, orRefuse } from './oauth-errors.ts'
import { authRoutesOptions } from './options.ts'
import type { AuthRoutesOptions } from './options.ts'
import { revoke } from './revoke.ts'
import { endAllSessions, endSession, listSessions } from './sessions.ts'
import { exchange } from './token.ts'

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Fastify's own options of a registration, which come with ours. */
type OfFastify = 'prefix' | 'logLevel' | 'logSerializers'

/** JSON and forms, and nothing that the app reads elsewhere. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (request: FastifyRequest, body: string) => parseForm(request.headers['content-type'] ?? '', body),
  )
}

/** A route of the OAuth protocol: whoever sends the token may, so no access token is needed, nor looked at. */
function protocolRoute(
  app: FastifyInstance,
  url: string,
  handle: Handler,
  auth: false | { required: false } = false,
): void {
  app.post(
    url,
    { bodyLimit: LONGEST_BODY, config: { auth }, errorHandler: answerOAuthError },
    (request, reply) => orRefuse(request, reply, () => handle(request, reply)),
  )
}

function sessionRoutes(app: FastifyInstance): void {
  const options = { bodyLimit: LONGEST_BODY, config: { auth: { required: true } } }
  app.get('/sessions', options, (request, reply) => orRefuse(request, reply, () => listSessions(request)))
  app.delete<{ Params: { id: string } }>('/sessions/:id', options, (request, reply) =>
    orRefuse(request, reply, () => endSession(request, reply, request.params.id)),
  )
  app.delete('/sessions', options, (request, reply) =>
    orRefuse(request, reply, () => endAllSessions(request, reply)),
  )
}

/**
 * What the routes say to access-control, where that holds: it can be told in no other way, since the app does not declare
 * them. Whoever has the token may use the protocol's routes, and their own sessions whoever is known.
 */
function accessOf({ config }: RouteRecord): Record<string, unknown> {
  const auth = config['auth'] as { required?: boolean } | false
  if (auth !== false && auth.required === true) return { access: { authenticated: true } }
  return { access: { public: 'auth-tokens asks for the token itself' } }
}

/** @throws PORTCULLIS_AUTH_TOKENS_ROUTES_UNUSABLE */
function checkRegistration(app: FastifyInstance): void {
  const registration = registrations.get(app)
  if (registration === undefined)
    throw new RoutesUnusableError(
      'authTokens is not registered in their scope or an outer one. Register it there',
    )
  const { ring, refresh } = registration.keys
  if (!ring.signs || refresh.length === 0)
    throw new RoutesUnusableError(
      'they refresh tokens, and authTokens only verifies them. Give it keys that sign and refreshSecrets',
    )
}

/**
 * Routes to refresh (RFC 6749), revoke (RFC 7009) and introspect (RFC 7662) tokens, for the sessions of whoever asks, and
 * for the public keys (RFC 7517), on top of authTokens.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_AUTH_TOKENS_ROUTES_UNUSABLE
 */
export const authRoutes: FastifyPluginAsync<AuthRoutesOptions> = async (app, given) => {
  const {
    prefix: _p,
    logLevel: _l,
    logSerializers: _s,
    ...own
  } = given as AuthRoutesOptions & Partial<Record<OfFastify, unknown>>
  const { authorizeIntrospection: authorize, jwksPath } = authRoutesOptions.parse(own)
  useKernel(app)
  provideRouteConfig(app, (route) => {
    const isOwn = route.scope === app && route.config['access'] === undefined
    return isOwn && app.hasDecorator('access') ? accessOf(route) : undefined
  })
  app.addHook('onReady', async () => checkRegistration(app))
  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('cache-control', 'no-store')
  })
  readBodies(app)
  protocolRoute(app, '/token', exchange)
  protocolRoute(app, '/revoke', revoke)
  if (authorize !== undefined) {
    // Who asks may show an access token of their own, which the app's function then sees as the principal.
    protocolRoute(app, '/introspect', (request, reply) => introspect(request, reply, authorize), {
      required: false,
    })
  }
  sessionRoutes(app)
  app.get(jwksPath, { config: { auth: false } }, sendJwks)
}
