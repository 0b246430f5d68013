import { onceRoutesKnown, optionOfRoute, refuse, routeRecordOf, routesOf } from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { judge } from './core/policy.ts'
import type { CorsReason } from './core/policy.ts'
import { createRouteTable } from './core/route-table.ts'
import type { RouteTable, RouterOptions, TableRoute } from './core/route-table.ts'
import { writePreflightHeaders } from './cors-headers.ts'
import { OriginNotAllowed } from './errors.ts'
import type { ResolvedStrictCorsOptions } from './options.ts'
import { policyOf } from './policies.ts'
import { refusal } from './refusals.ts'

/** How the app's router reads paths. */
function routerOptionsOf({ initialConfig }: FastifyInstance): RouterOptions {
  const { caseSensitive, ignoreTrailingSlash, ignoreDuplicateSlashes } = initialConfig
  const { maxParamLength, allowUnsafeRegex, useSemicolonDelimiter } = initialConfig
  const flat = { caseSensitive, ignoreTrailingSlash, ignoreDuplicateSlashes }
  const more = { maxParamLength, allowUnsafeRegex, useSemicolonDelimiter }
  return { ...flat, ...more, ...initialConfig.routerOptions } as RouterOptions
}

type Entry = TableRoute<RouteRecord>

/** Whether the app has a route, be it a twin that Fastify has made by itself. */
function isThere({ scope, constraints = {} }: RouteRecord, method: string, url: string): boolean {
  return scope.hasRoute({ method, url, constraints: { ...constraints } })
}

/**
 * A recorded route by each of its methods, with the twins that Fastify has made: HEAD of a GET route, and a slash at the
 * end of a scope's own path.
 */
function entriesOf(value: RouteRecord): readonly Entry[] {
  const methods = value.method.split(',')
  if (methods.includes('GET') && !methods.includes('HEAD')) methods.push('HEAD')
  // Nothing follows a wildcard or an optional parameter.
  const urls = ['/', '*', '?'].some((end) => value.url.endsWith(end))
    ? [value.url]
    : [value.url, `${value.url}/`]
  return methods.flatMap((method) =>
    urls
      .filter((url) => isThere(value, method, url))
      .map((url) => ({ method, url, constraints: value.constraints, value })),
  )
}

function tableOf(app: FastifyInstance): RouteTable<RouteRecord> {
  const entries = routesOf(app).flatMap(entriesOf)
  // A route of the app's own stands before the twin of another, which it has replaced.
  const own = ({ value, method, url }: Entry): boolean =>
    value.url === url && value.method.split(',').includes(method)
  return createRouteTable(
    [...entries.filter(own), ...entries.filter((one) => !own(one))],
    routerOptionsOf(app),
  )
}

type Options = Readonly<ResolvedStrictCorsOptions>

/** Answers preflights: before any hook, for the route that the real request would reach. */
export interface Preflights {
  /** @returns whether it has answered, since a route with a policy is asked for */
  answer(request: FastifyRequest, reply: FastifyReply): boolean
}

/** What a preflight asks: a method, some headers. */
interface Asked {
  readonly origin: string
  readonly method: string
  readonly headers: string | undefined
}

/** Reads a preflight (Fetch, section 4.8); `undefined` for every other request. */
function askedBy({ method, headers }: FastifyRequest): Asked | undefined {
  const { origin } = headers
  const asked = headers['access-control-request-method']
  if (method !== 'OPTIONS' || origin === undefined || asked === undefined) return undefined
  return { origin, method: asked, headers: headers['access-control-request-headers'] }
}

const answered = new WeakSet<FastifyRequest>()

/** Whether a request was a preflight that was answered here, with headers of the route it asked for. */
export function isAnsweredPreflight(request: FastifyRequest): boolean {
  return answered.has(request)
}

/** Makes what answers the preflights of an app. */
export function preflightsOf(app: FastifyInstance): Preflights {
  let table: RouteTable<RouteRecord> | undefined
  onceRoutesKnown(app, () => {
    table = tableOf(app)
  })

  function policiesAt(request: FastifyRequest, method: string): readonly (Options | false)[] {
    const { host, ':authority': authority } = request.headers
    const found = table?.find(method, request.raw.url ?? '/', host ?? (authority as string | undefined)) ?? []
    return found.map((route) => optionOfRoute<ResolvedStrictCorsOptions>(route, 'strictCors'))
  }

  /** Browsers remember a grant for all methods of a URL. */
  function holdsForAll(request: FastifyRequest, options: Options): boolean {
    return (table?.methods ?? []).every((method) =>
      policiesAt(request, method).every((one) => one === options),
    )
  }

  function send(request: FastifyRequest, reply: FastifyReply, asked: Asked, found: readonly Options[]): void {
    const [options] = found
    if (options === undefined) return
    const reasons = found.map((one): CorsReason | undefined =>
      judge(policyOf(one), asked.origin, asked.method, asked.headers),
    )
    const reason = reasons.find((one) => one !== undefined)
    if (reason === undefined) {
      const origin = policyOf(options).any ? '*' : asked.origin
      writePreflightHeaders(reply, options, origin, holdsForAll(request, options))
    } else {
      writePreflightHeaders(reply, options, false, false)
      const mode = options.enforce === 'headers' ? undefined : options.mode
      if (
        mode !== undefined &&
        refuse(request, reply, refusal(new OriginNotAllowed(), `preflight: ${reason}`, mode))
      )
        return
    }
    // Some browsers wait for the body of a 204 that says nothing of its length.
    void reply.code(204).header('content-length', '0').send()
  }

  return {
    answer(request, reply) {
      const asked = askedBy(request)
      if (asked === undefined) return false
      // An OPTIONS route that answers by itself.
      if (!request.is404 && routeRecordOf(request).config['strictCors'] === false) return false
      const found = policiesAt(request, asked.method)
      const guarded = found.filter((one) => one !== false && policyOf(one).on) as Options[]
      // Where a preflight does not tell which of several routes is meant, all of them have to grant it.
      if (guarded.length === 0 || guarded.length < found.length) return false
      answered.add(request)
      send(request, reply, asked, guarded)
      return true
    },
  }
}
