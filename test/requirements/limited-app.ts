import kernel from '@portcullis/kernel'
import userRateLimit from '@portcullis/user-rate-limit'
import type { UserRateLimitOptions, UserRateLimitRouteOptions } from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, InjectOptions, LightMyRequestResponse } from 'fastify'
import mercurius from 'mercurius'

/** What a test of limits sets. */
export interface LimitedApp {
  readonly options: UserRateLimitOptions
  readonly fastify?: FastifyServerOptions
  readonly environment?: 'production' | 'development'
  readonly instances?: number
  /** Options of routes; each URL that is named here answers GET. */
  readonly routes?: Readonly<Record<string, UserRateLimitRouteOptions>>
  /** Options of the GraphQL route, which is there when they are. */
  readonly graphql?: UserRateLimitRouteOptions
}

/**
 * Builds an app with a route `/free` that no test limits by itself. A caller is known by the header `x-user`, as behind a
 * gateway that signs people in.
 */
export function limitedApp(parts: LimitedApp): (withGate: boolean) => FastifyInstance {
  const { options, fastify = {}, environment = 'development', instances, routes = {}, graphql } = parts
  return (withGate) => {
    const app = Fastify(fastify)
    void app.register(kernel, {
      environment,
      instances,
      identify: ({ headers }) => (typeof headers['x-user'] === 'string' ? { id: headers['x-user'] } : null),
    })
    if (withGate) void app.register(userRateLimit, options)
    app.get('/free', { config: { userRateLimit: false } }, async () => ({ ok: true }))
    for (const [url, config] of Object.entries(routes)) {
      app.get(url, { config: { userRateLimit: config } }, async () => ({ ok: true }))
    }
    if (graphql !== undefined) {
      void app.register(mercurius, {
        schema: 'type Query { hello: String } type Mutation { touch: String }',
        resolvers: { Query: { hello: () => 'hello' }, Mutation: { touch: () => 'touched' } },
        allowBatchedQueries: true,
        additionalRouteOptions: { config: { userRateLimit: graphql } },
      })
    }
    return app
  }
}

/** Who sends a request, and from where. */
export interface Caller {
  readonly user?: string
  readonly address?: string
}

/** A GET from somebody. */
export function get(url: string, { user, address }: Caller = {}): InjectOptions {
  return {
    method: 'GET',
    url,
    ...(user === undefined ? {} : { headers: { 'x-user': user } }),
    ...(address === undefined ? {} : { remoteAddress: address }),
  }
}

/** Sends a request several times, one after the other. @returns the statuses */
export async function statuses(
  app: FastifyInstance,
  times: number,
  request: InjectOptions,
): Promise<number[]> {
  const answers: number[] = []
  for (let sent = 0; sent < times; sent++) answers.push((await app.inject(request)).statusCode)
  return answers
}

/** As many answers of this status. */
export function repeated(status: number, times: number): number[] {
  return Array.from({ length: times }, () => status)
}

/** The last answer to a request that is sent several times. */
export async function lastOf(
  app: FastifyInstance,
  times: number,
  request: InjectOptions,
): Promise<LightMyRequestResponse> {
  await statuses(app, times - 1, request)
  return app.inject(request)
}
