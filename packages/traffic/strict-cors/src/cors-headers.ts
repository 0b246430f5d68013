import fastifyCors from '@fastify/cors'
import type { FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ResolvedStrictCorsOptions } from './options.ts'

/** What gates send that a page has to be able to read. */
const GATE_HEADERS = [
  'X-Request-ID',
  'RateLimit',
  'RateLimit-Policy',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Retry-After',
] as const

/** Headers that grant something: an answer to somebody else has none of them, whoever set it. */
const GRANTS = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
] as const

/** What @fastify/cors reads of a request; a request's own route cannot change it here. */
interface CorsRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly raw: { readonly method: string }
  readonly routeOptions: { readonly config: object }
  readonly cors: FastifyCorsOptions
}

type Write = (request: CorsRequest, reply: FastifyReply, next: (error?: Error | null) => void) => void

/**
 * The hook of @fastify/cors, which writes the headers. Its plugin is not registered as it is: its wildcard route would
 * answer the preflights of every path with one policy, stand once in an app, and come after hooks that are there already.
 */
function hookOfFastifyCors(): Write {
  let hook: Write | undefined
  const carrier = {
    decorateRequest: () => undefined,
    options: () => undefined,
    addHook: (_name: string, added: Write) => {
      hook = added
    },
  }
  const delegator = (request: CorsRequest, give: (error: null, options: FastifyCorsOptions) => void): void =>
    give(null, request.cors)
  fastifyCors(carrier as unknown as FastifyInstance, { delegator } as never, () => undefined)
  if (hook === undefined) throw new Error('@fastify/cors added no hook')
  return hook
}

const write = hookOfFastifyCors()

const PREFLIGHT_HEADERS = { 'access-control-request-method': 'asked' } as const

interface Written {
  readonly simple: FastifyCorsOptions
  /** What `Access-Control-Expose-Headers` says. */
  readonly exposed: string
  readonly preflight: FastifyCorsOptions
}

const writtenFor = new WeakMap<ResolvedStrictCorsOptions, Written>()

function writtenOf(options: ResolvedStrictCorsOptions): Written {
  const known = writtenFor.get(options)
  if (known !== undefined) return known
  const { credentials, exposedHeaders, methods, allowedHeaders, maxAge } = options
  const exposed = [...GATE_HEADERS, ...exposedHeaders].join(', ')
  const made: Written = {
    simple: { credentials, exposedHeaders: exposed },
    exposed,
    preflight: {
      credentials,
      methods: [...methods],
      allowedHeaders: [...allowedHeaders],
      maxAge: maxAge / 1_000,
      preflightContinue: true,
    },
  }
  writtenFor.set(options, made)
  return made
}

/** Takes away whatever grants something. */
function withdraw(reply: FastifyReply): void {
  for (const name of GRANTS) void reply.removeHeader(name)
}

function run(reply: FastifyReply, origin: string | false, method: string, options: FastifyCorsOptions): void {
  let failure: Error | null | undefined
  const headers = { origin: origin === false ? '' : origin, ...PREFLIGHT_HEADERS }
  const request = { headers, raw: { method }, routeOptions: { config: {} }, cors: { ...options, origin } }
  write(request, reply, (error) => {
    failure = error
  })
  if (failure instanceof Error) throw failure
}

/**
 * Writes the headers of an answer to a request that is no preflight: `Vary: Origin` always, the others where granted.
 *
 * @param origin whom to grant it, `*` for every page, or false
 */
export function writeHeaders(
  reply: FastifyReply,
  options: ResolvedStrictCorsOptions,
  origin: string | false,
): void {
  run(reply, origin, 'GET', writtenOf(options).simple)
}

/** Writes the same again where something has changed it since. */
export function rewriteHeaders(
  reply: FastifyReply,
  options: ResolvedStrictCorsOptions,
  origin: string | false,
): void {
  const granted = origin !== false
  const { exposed } = writtenOf(options)
  const stands =
    reply.getHeader('vary') === 'Origin' &&
    reply.getHeader('access-control-allow-origin') === (granted ? origin : undefined) &&
    reply.getHeader('access-control-expose-headers') === (granted ? exposed : undefined) &&
    reply.getHeader('access-control-allow-credentials') ===
      (granted && options.credentials ? 'true' : undefined)
  if (stands) return
  withdraw(reply)
  writeHeaders(reply, options, origin)
}

/**
 * Writes the headers of an answer to a preflight.
 *
 * @param origin whom to grant it, `*` for every page, or false
 * @param remembered whether browsers may remember it, since it holds for every method of the path
 */
export function writePreflightHeaders(
  reply: FastifyReply,
  options: ResolvedStrictCorsOptions,
  origin: string | false,
  remembered: boolean,
): void {
  withdraw(reply)
  const { preflight } = writtenOf(options)
  run(reply, origin, 'OPTIONS', remembered ? preflight : { ...preflight, maxAge: 0 })
  const vary = String(reply.getHeader('vary') ?? 'Origin')
  void reply.header('vary', `${vary}, Access-Control-Request-Method, Access-Control-Request-Headers`)
}
