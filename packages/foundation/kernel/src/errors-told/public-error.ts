import { isCodedError } from '../coded-error.ts'

/** What a client may know of an error. */
export interface PublicError {
  readonly status: number
  /** Upper snake case. */
  readonly code: string
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
  /** What is wrong with the input, where that is what the error is about. */
  readonly issues?: readonly { readonly path: string; readonly code: string; readonly message?: string }[]
}

/** What of errors is looked at, whoever made them. */
interface Shape {
  readonly name?: unknown
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly message?: unknown
  readonly headers?: unknown
  readonly issues?: unknown
  readonly validation?: unknown
  readonly validationContext?: unknown
  readonly errors?: unknown
  readonly cause?: unknown
}

const RETRY = { 'retry-after': '1' }

const INTERNAL: PublicError = {
  status: 500,
  code: 'INTERNAL_SERVER_ERROR',
  detail: 'Something went wrong here. Tell us the request id, and we can find out what.',
}
const UNAVAILABLE: PublicError = {
  status: 503,
  code: 'SERVICE_UNAVAILABLE',
  detail: 'This is not available at the moment. Try again later.',
  headers: RETRY,
}
const CONFLICT: PublicError = {
  status: 409,
  code: 'CONFLICT',
  detail: 'This is in the way of something that is there.',
}
const BAD_VALUE: PublicError = {
  status: 400,
  code: 'BAD_USER_INPUT',
  detail: 'A value of this request cannot be taken.',
}
const UNAUTHENTICATED: PublicError = {
  status: 401,
  code: 'UNAUTHENTICATED',
  detail: 'Log in, and send the token that you get.',
  headers: { 'www-authenticate': 'Bearer' },
}

/** PostgreSQL's SQLSTATEs and their classes. */
const DATABASE: Readonly<Record<string, PublicError>> = {
  '23505': CONFLICT,
  '23P01': CONFLICT,
  '23503': CONFLICT,
  '23001': CONFLICT,
  '23502': BAD_VALUE,
  '23514': BAD_VALUE,
  '22': BAD_VALUE,
  '42501': { status: 403, code: 'FORBIDDEN', detail: 'This is not allowed.' },
  '40': UNAVAILABLE,
  '55P03': UNAVAILABLE,
  '57014': { status: 504, code: 'TIMEOUT', detail: 'This took too long.' },
  '57': UNAVAILABLE,
  '53': UNAVAILABLE,
  '08': UNAVAILABLE,
  '28': UNAVAILABLE,
}
const SQL_STATE = /^[0-9A-Z]{5}$/

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
])
const REDIS = new Set(['ReplyError', 'MaxRetriesPerRequestError', 'ClusterAllFailedError', 'AbortError'])
const JWT_NAMES = new Set(['JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError', 'TokenError'])
const JWT_CODES = /^(?:FAST_JWT_|FST_JWT_|ERR_JW[TSEK]_|ERR_JOSE_)/

/** What a client did wrong in words of ours: those of Fastify hold what was sent. */
const BY_STATUS: Readonly<Record<number, readonly [code: string, detail: string]>> = {
  400: ['BAD_REQUEST', 'The request cannot be read.'],
  401: ['UNAUTHENTICATED', UNAUTHENTICATED.detail],
  403: ['FORBIDDEN', 'This is not allowed.'],
  404: ['NOT_FOUND', 'There is nothing here.'],
  405: ['METHOD_NOT_ALLOWED', 'This method is not taken here.'],
  413: ['PAYLOAD_TOO_LARGE', 'The body of the request is too large.'],
  414: ['URI_TOO_LONG', 'The URL of the request is too long.'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'A body of this media type is not taken here.'],
}

function ofClient(status: number): PublicError {
  const [code, detail] = BY_STATUS[status] ?? ['BAD_REQUEST', 'The request cannot be taken.']
  return { status, code, detail }
}

function headersOf({ headers }: Shape): PublicError['headers'] {
  if (typeof headers !== 'object' || headers === null) return undefined
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

const NAME = /^(?:\d{1,15}|[a-z_$][\w$-]{0,63})$/i

const wordOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise)

/** The issues of Fastify's own validation, without its words and without names that only the client knows. */
function issuesOfFastify({ validation, validationContext }: Shape): PublicError['issues'] {
  if (!Array.isArray(validation)) return undefined
  const part = validationContext === 'querystring' ? 'query' : wordOf(validationContext, 'body')
  return validation.map(({ instancePath, keyword }: { instancePath?: unknown; keyword?: unknown }) => ({
    path: [part, ...wordOf(instancePath, '').split('/').slice(1)]
      .map((segment) => (NAME.test(segment) ? `/${segment}` : '/*'))
      .join(''),
    code: wordOf(keyword, 'invalid').toUpperCase(),
  }))
}

function ofConnection(error: Shape): PublicError | undefined {
  const { name, code, errors } = error
  if (typeof code === 'string') {
    if (NETWORK.has(code)) return UNAVAILABLE
    if (SQL_STATE.test(code) && 'severity' in error) return DATABASE[code] ?? DATABASE[code.slice(0, 2)]
    if (JWT_CODES.test(code)) return UNAUTHENTICATED
  }
  if (REDIS.has(String(name))) return UNAVAILABLE
  if (JWT_NAMES.has(String(name))) return UNAUTHENTICATED
  // Node tries every address of a name, and tells all of their errors.
  if (Array.isArray(errors))
    return errors.map((one: Shape) => ofConnection(one)).find((one) => one !== undefined)
  return undefined
}

function withOwnHeaders(found: PublicError, error: Shape): PublicError {
  const headers = headersOf(error)
  return headers === undefined ? found : { ...found, headers: { ...found.headers, ...headers } }
}

function ofShape(error: Shape): PublicError {
  const { statusCode, code, message } = error
  const status = Number.isInteger(statusCode) ? (statusCode as number) : 500
  const coded = typeof code === 'string' ? code : undefined
  const isOurs = isCodedError(error)
  if (isOurs && status < 600 && status >= 400) {
    // Those of 500 tell about the app; those of 503 and 504 when to try again.
    if (status === 500) return INTERNAL
    const issues = Array.isArray(error.issues)
      ? { issues: error.issues as PublicError['issues'] & object }
      : {}
    return { status, code: coded ?? 'ERROR', detail: String(message), ...issues }
  }
  const known = ofConnection(error)
  if (known !== undefined) return known
  if (status < 400 || status >= 500) return status === 503 ? UNAVAILABLE : INTERNAL
  if (coded?.startsWith('FST_ERR_') === true) {
    const issues = issuesOfFastify(error)
    return issues === undefined
      ? ofClient(status)
      : { status, code: 'BAD_USER_INPUT', detail: 'The input is not valid.', issues }
  }
  // What the app itself throws with a status of a client's fault is meant for the client.
  return { status, code: coded ?? ofClient(status).code, detail: String(message) }
}

/**
 * What a client may know of an error: what it can do about it, and nothing of SQL, hosts, paths, stacks or values. Errors of
 * Portcullis and those of the app with a status of 4xx keep their message; those of Fastify, PostgreSQL, Redis, JWTs and the
 * network get another; all others are one of 500.
 */
export function publicErrorOf(error: unknown): PublicError {
  if (typeof error !== 'object' || error === null) return INTERNAL
  const found = ofShape(error)
  return found.status === 500 ? found : withOwnHeaders(found, error)
}
