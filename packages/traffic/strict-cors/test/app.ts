import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, LightMyRequestResponse } from 'fastify'
import { strictCors } from '../src/index.ts'
import type { StrictCorsOptions } from '../src/index.ts'

export const APP = 'https://app.example.com'
export const EVIL = 'https://evil.example'

/** An app with strict-cors; its routes are declared by the test. */
export function appWith(options: StrictCorsOptions, server: FastifyServerOptions = {}): FastifyInstance {
  const app = Fastify(server)
  void app.register(strictCors, options)
  return app
}

/** Sends a preflight. */
export function preflight(
  app: FastifyInstance,
  url: string,
  method: string,
  origin = APP,
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> {
  return app.inject({
    method: 'OPTIONS',
    url,
    headers: { origin, 'access-control-request-method': method, ...headers },
  })
}

/** The headers of an answer that are CORS's. */
export function corsOf({ headers }: LightMyRequestResponse): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('access-control-') || name === 'vary'),
  )
}
