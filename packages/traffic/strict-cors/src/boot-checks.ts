import { optionsInUse, sawEveryRoute, unsafeSetting } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { isLoopback } from './core/origin.ts'
import type { ResolvedStrictCorsOptions } from './options.ts'
import { policyOf } from './policies.ts'

function checkOrigins(app: FastifyInstance, options: ResolvedStrictCorsOptions): void {
  const { origins = [], credentials } = options
  if (policyOf(options).any) {
    unsafeSetting(app, "strictCors.origins: ['*'] lets every page on the web read answers. List the origins.")
  }
  const local = credentials ? origins.find((one) => one.startsWith('http://') && isLoopback(one)) : undefined
  if (local === undefined) return
  unsafeSetting(
    app,
    `strictCors.credentials: the origin '${local}' is whatever runs on the user's own machine. Leave it out.`,
  )
}

/** Refuses what is unsafe in production, and says so where the gate does nothing at all. */
export function checkSettings(app: FastifyInstance): void {
  const inUse = optionsInUse<ResolvedStrictCorsOptions>(app, 'strictCors')
  for (const { options } of inUse) checkOrigins(app, options)
  if (!sawEveryRoute(app) && inUse.some(({ options }) => policyOf(options).on)) {
    unsafeSetting(
      app,
      'strictCors: it was loaded after Fastify() was called, so it does not know the routes that were declared before, and their preflights are answered with 404. Import it before you call Fastify().',
    )
  }
  if (inUse.some(({ options }) => policyOf(options).on || options.csrf || options.securityHeaders)) return
  app.log.warn(
    { code: 'PORTCULLIS_STRICT_CORS_OFF' },
    'strictCors is registered without origins, csrf and securityHeaders, so it grants and refuses nothing.',
  )
}
