import { custom, defineOptions, duration, flag, mode, oneOf } from '@portcullis/kernel'
import type { Duration, Mode, OptionSet } from '@portcullis/kernel'
import { methodProblem, requestHeaderProblem, responseHeaderProblem } from './core/names.ts'
import { checkOrigin, isLoopback } from './core/origin.ts'

/** Options of strict-cors, for the plugin and for a route's `config.strictCors`. */
export interface StrictCorsOptions {
  /**
   * Origins whose pages may send requests and read answers: exact (`https://app.example.com`), or all subdomains of a
   * domain (`https://*.example.com`). `['*']` is every page: refused in production, and with credentials. Default: none.
   */
  origins?: readonly string[] | undefined
  /** Whether such requests may carry cookies and other credentials of the browser. Default: false. */
  credentials?: boolean | undefined
  /** Methods that such requests may have; HEAD goes with GET. Default: GET and POST. */
  methods?: readonly string[] | undefined
  /** Request headers that scripts may set. Default: Content-Type, Authorization, X-Request-ID, X-Correlation-ID. */
  allowedHeaders?: readonly string[] | undefined
  /** Response headers that scripts may read, beside those that gates send. Default: none. */
  exposedHeaders?: readonly string[] | undefined
  /** How long a browser may remember the answer to a preflight: whole seconds, at most 24 hours. Default: `'1h'`. */
  maxAge?: Duration | undefined
  /**
   * What keeps foreign origins out: `reject` answers their unsafe requests with 403 before the handler; `headers` leaves
   * it to the browser, which keeps pages from reading answers. Default: `reject`.
   */
  enforce?: 'headers' | 'reject' | undefined
  /** Whether unsafe requests that Fetch metadata or Origin call cross-site are refused. Default: false. */
  csrf?: boolean | undefined
  /** Whether answers get the security headers of an API. Default: false. */
  securityHeaders?: boolean | undefined
  /** `max-age` of Strict-Transport-Security among the security headers; 0 leaves it out. Default: `'365d'`. */
  hsts?: Duration | undefined
  /** `measure` reports what would be refused and refuses nothing. Default: `enforce`. */
  mode?: Mode | undefined
}

/** {@link StrictCorsOptions} with their defaults; durations in milliseconds. */
export interface ResolvedStrictCorsOptions {
  readonly origins: readonly string[] | undefined
  readonly credentials: boolean
  readonly methods: readonly string[]
  readonly allowedHeaders: readonly string[]
  readonly exposedHeaders: readonly string[]
  readonly maxAge: number
  readonly enforce: 'headers' | 'reject'
  readonly csrf: boolean
  readonly securityHeaders: boolean
  readonly hsts: number
  readonly mode: Mode
}

const SECOND = 1_000
const LONGEST_MAX_AGE = 24 * 3_600 * SECOND

function words(expects: string): ReturnType<typeof custom<readonly string[]>> {
  return custom<readonly string[]>(
    (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
    expects,
  )
}

type Problem = (word: string) => string | undefined

function listProblem(option: string, list: readonly string[], problemOf: Problem): string | undefined {
  for (const [at, word] of list.entries()) {
    const problem = problemOf(word)
    if (problem !== undefined) return `${option}[${at}]: got '${word.slice(0, 80)}': ${problem}.`
  }
  return undefined
}

const originProblem: Problem = (origin) => {
  const found = checkOrigin(origin)
  return found === undefined ? undefined : `${found.text} (${found.reason})`
}

function originsProblem({ origins, credentials }: ResolvedStrictCorsOptions): string | undefined {
  if (origins === undefined) {
    return credentials
      ? 'credentials: got true without origins, so it would do nothing. Give the origins, or leave it out.'
      : undefined
  }
  if (origins.length === 1 && origins[0] === '*') {
    if (!credentials) return undefined
    return "credentials: got true with origins ['*'], so every page could act as whoever looks at it. List the origins."
  }
  const problem = listProblem('origins', origins, originProblem)
  if (problem !== undefined || !credentials) return problem
  const open = origins.find((origin) => origin.startsWith('http://') && !isLoopback(origin))
  return open === undefined
    ? undefined
    : `credentials: got true with the origin '${open}': whoever is on the way can change a page that comes over http, and would act as its user. Write 'https://${open.slice('http://'.length)}'.`
}

function maxAgeProblem({ maxAge }: ResolvedStrictCorsOptions): string | undefined {
  if (maxAge % SECOND === 0 && maxAge <= LONGEST_MAX_AGE) return undefined
  return `maxAge: got ${maxAge} milliseconds, takes whole seconds up to 24 hours, the most that browsers keep. Write '1h', or seconds as '3600s'.`
}

function check(options: ResolvedStrictCorsOptions): string | undefined {
  const { methods, allowedHeaders, exposedHeaders, hsts } = options
  if (methods.length === 0)
    return 'methods: got none, so no request could be sent. Leave it out for GET and POST.'
  if (hsts % SECOND !== 0) return `hsts: got ${hsts} milliseconds, takes whole seconds. Write '365d'.`
  return (
    originsProblem(options) ??
    listProblem('methods', methods, methodProblem) ??
    listProblem('allowedHeaders', allowedHeaders, requestHeaderProblem) ??
    listProblem('exposedHeaders', exposedHeaders, responseHeaderProblem) ??
    maxAgeProblem(options)
  )
}

/** The options of strict-cors as a checked set. */
export const strictCorsOptions: OptionSet<ResolvedStrictCorsOptions> =
  defineOptions<ResolvedStrictCorsOptions>(
    'strictCors',
    {
      origins: {
        schema: words(
          "a list such as ['https://app.example.com', 'https://*.example.com']; never true, a function or a regular expression, which let in whom nobody listed",
        ),
        takes: "a list such as `['https://app.example.com', 'https://*.example.com']`",
        doc: 'Origins whose pages may send requests and read answers. Without it there is no cross-origin access.',
      },
      credentials: {
        schema: flag(),
        default: false,
        doc: 'Whether requests of these pages may carry cookies and other credentials of the browser.',
      },
      methods: {
        schema: words("a list such as ['GET', 'POST']"),
        default: ['GET', 'POST'],
        doc: 'Methods these requests may have; HEAD goes with GET.',
      },
      allowedHeaders: {
        schema: words("a list such as ['Content-Type']"),
        default: ['Content-Type', 'Authorization', 'X-Request-ID', 'X-Correlation-ID'],
        doc: 'Request headers that scripts of these pages may set.',
      },
      exposedHeaders: {
        schema: words("a list such as ['Link']"),
        default: [],
        doc: 'Response headers that scripts may read, beside those that gates send.',
      },
      maxAge: {
        schema: duration(0),
        default: '1h',
        takes: "whole seconds as milliseconds or a string like `'10m'`, `'3600s'`, at most 24 hours",
        doc: 'How long browsers may remember the answer to a preflight.',
      },
      enforce: {
        schema: oneOf('headers', 'reject'),
        default: 'reject',
        doc: '`reject` answers unsafe requests of foreign origins with 403 before the handler; `headers` leaves it to browsers to keep pages from reading answers.',
      },
      csrf: {
        schema: flag(),
        default: false,
        doc: 'Whether unsafe requests that Fetch metadata or `Origin` call cross-site are refused, and GraphQL that needs no preflight.',
      },
      securityHeaders: {
        schema: flag(),
        default: false,
        doc: 'Whether answers get the security headers of an API.',
      },
      hsts: {
        schema: duration(0),
        default: '365d',
        doc: 'How long browsers shall use https alone, among the security headers; 0 leaves it out.',
      },
      mode: {
        schema: mode,
        default: 'enforce',
        doc: '`measure` reports what would be refused and refuses nothing. No origin is granted more.',
      },
    },
    { check },
  )
