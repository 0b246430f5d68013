import type { FastifyInstance } from 'fastify'

/** How the sample is configured. */
export interface CorsConfig {
  readonly origins: readonly string[]
  readonly allowCredentials: boolean
  readonly production: boolean
}

/**
 * The flawed pattern: a wildcard is warned about and stands; with credentials, whoever asks is reflected, since browsers
 * take no `*` there; credentials are granted to all; no limit header is exposed; and the preflight knows no routes.
 */
export function warnAboutWildcard(app: FastifyInstance, config: CorsConfig): readonly string[] {
  const warnings: string[] = []
  const any = config.origins.includes('*')
  if (any && config.production) warnings.push('CORS allows every origin')
  app.addHook('onRequest', async ({ method, headers }, reply) => {
    const { origin } = headers
    if (config.allowCredentials) void reply.header('access-control-allow-credentials', 'true')
    if (any || config.origins.includes(origin ?? '')) {
      void reply.header('access-control-allow-origin', any && !config.allowCredentials ? '*' : origin)
    }
    if (method === 'OPTIONS') await reply.header('access-control-allow-methods', 'GET, POST').code(204).send()
  })
  return warnings
}
