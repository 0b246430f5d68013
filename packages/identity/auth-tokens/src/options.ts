import { callback, defineOptions, duration, either, integer, members, oneOf, text } from '@portcullis/kernel'
import type { Duration, OptionSet } from '@portcullis/kernel'
import { redisSource } from '@portcullis/kernel/redis'
import type { RedisSource } from '@portcullis/kernel/redis'
import * as v from 'valibot'
import { ALGORITHMS } from './core/algorithms.ts'
import type { Algorithm } from './core/algorithms.ts'
import { complaintAboutAlgorithms } from './core/check-keys.ts'
import type { Grant } from './core/claims.ts'
import type { KeySource, RefreshSecretSource } from './keys/key-source.ts'
import type { PostgresPool } from './stores/postgres-store.ts'

/** Keys of another issuer, at its `jwks_uri`. */
export interface JwksOptions {
  /** `https:`, or `http:` on loopback. */
  readonly url: string
  /** Shortest time between two fetches, however many tokens name unknown keys. Default: 30 s. */
  readonly cooldown?: Duration | undefined
  /** How old keys get before the next token that comes makes the app ask again, without waiting for the answer. Default: 10 minutes. */
  readonly maxAge?: Duration | undefined
  /** Longest wait for an answer. Default: 3 s. */
  readonly timeout?: Duration | undefined
}

/** Tokens in cookies, for browsers. */
export interface CookieOptions {
  /** Default: `strict`. */
  readonly sameSite?: 'strict' | 'lax' | undefined
  /** Other origins whose pages may send requests with the cookie. Default: none. */
  readonly trustedOrigins?: readonly string[] | undefined
}

/** What is in a session's next tokens; `null` ends the session. */
export type RenewGrant = (
  grant: Grant,
) => Omit<Grant, 'subject'> | null | Promise<Omit<Grant, 'subject'> | null>

/** Options of auth-tokens. `required` and `onStoreError` may be set for a route too, in its `config.auth`. */
export interface AuthTokensOptions {
  /** Who issues the tokens (`iss`): a URL. */
  issuer: string
  /** Whom they are for (`aud`): one of these must be in a token. */
  audience: string | readonly string[]
  /** The signature algorithms that are taken. All symmetric or all asymmetric. */
  algorithms: readonly Algorithm[]
  /** Keys that sign and verify, or a function that reads them. The first that can sign signs. */
  keys?: KeySource | undefined
  /** How often functions among `keys` and `refreshSecrets` are asked again. Default: 5 minutes. */
  keysMaxAge?: Duration | undefined
  /** Verifies tokens of another issuer, instead of `keys`. */
  jwks?: JwksOptions | undefined
  /** Whether a route needs a token. Default: true. */
  required?: boolean | undefined
  /** How long an access token lasts. Default: 15 minutes. */
  accessTtl?: Duration | undefined
  /** Secrets of at least 32 bytes that refresh tokens are derived with, the current one first. */
  refreshSecrets?: RefreshSecretSource | undefined
  /** How long an unused refresh token lasts. Default: 30 days. */
  refreshTtl?: Duration | undefined
  /** How long a session lasts, used or not. Default: 90 days. */
  absoluteTtl?: Duration | undefined
  /** For how long a refresh token may be used again, and gets the same successor. Default: 10 s. */
  leeway?: Duration | undefined
  /** Most sessions of a subject. Default: 10. */
  maxSessions?: number | undefined
  /** Says what a session's next tokens hold, at each refresh. */
  renewGrant?: RenewGrant | undefined
  /** How far clocks may differ. Default: 10 s. */
  clockTolerance?: Duration | undefined
  /** Keeps sessions in Redis or Valkey. */
  redis?: RedisSource | undefined
  /** Keeps sessions in PostgreSQL: a pool of pg. */
  postgres?: PostgresPool | undefined
  /** Key of the hash under which subjects stand in Redis' keys: at least 32 bytes. Required with `redis`. */
  keySecret?: string | undefined
  /** Begins every key in Redis. Default: `auth-tokens`. */
  keyPrefix?: string | undefined
  /** How long a call may wait for the store. Default: 1 s. */
  storeTimeout?: Duration | undefined
  /** How old this process's list of revocations may be. Default: 5 s. */
  maxStaleness?: Duration | undefined
  /** What happens to tokens while the list is older: refused with 503, or taken. Default: `closed`. */
  onStoreError?: 'closed' | 'open' | undefined
  /**
   * Binds tokens to a key of the client (DPoP, RFC 9449): where it asks so, or always. Default: `off`.
   */
  dpop?: 'off' | 'allowed' | 'required' | undefined
  /** How old a proof may be. Default: 60 s. */
  dpopMaxAge?: Duration | undefined
  /** The origins at which clients reach this server. Required with `dpop`. */
  dpopOrigins?: readonly string[] | undefined
  /** Takes access tokens from a cookie too. Default: from the Authorization header alone. */
  cookie?: CookieOptions | undefined
}

/** {@link AuthTokensOptions} with their defaults. */
export interface ResolvedAuthTokensOptions {
  readonly issuer: string
  readonly audience: readonly string[]
  readonly algorithms: readonly Algorithm[]
  readonly keys: KeySource | undefined
  readonly keysMaxAge: number
  readonly jwks:
    | { readonly url: string; readonly cooldown: number; readonly maxAge: number; readonly timeout: number }
    | undefined
  readonly required: boolean
  readonly accessTtl: number
  readonly refreshSecrets: RefreshSecretSource | undefined
  readonly refreshTtl: number
  readonly absoluteTtl: number
  readonly leeway: number
  readonly maxSessions: number
  readonly renewGrant: RenewGrant | undefined
  readonly clockTolerance: number
  readonly redis: RedisSource | undefined
  readonly postgres: PostgresPool | undefined
  readonly keySecret: string | undefined
  readonly keyPrefix: string
  readonly storeTimeout: number
  readonly maxStaleness: number
  readonly onStoreError: 'closed' | 'open'
  readonly dpop: 'off' | 'allowed' | 'required'
  readonly dpopMaxAge: number
  readonly dpopOrigins: readonly string[]
  readonly cookie:
    | { readonly sameSite: 'strict' | 'lax'; readonly trustedOrigins: readonly string[] }
    | undefined
}

const texts = v.pipe(v.array(text()), v.minLength(1))
const AUDIENCE = 'a string or an array of strings'
const audience = v.pipe(
  either(text(), texts, AUDIENCE),
  v.transform((value): readonly string[] => (typeof value === 'string' ? [value] : value)),
)
const algorithms = v.pipe(
  v.array(oneOf(...ALGORITHMS), `an array of ${ALGORITHMS.join(', ')}`),
  v.minLength(1, 'an array of at least one algorithm'),
)
const keys = v.custom<KeySource>(
  (value) =>
    typeof value === 'function' ||
    (Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null)),
  "an array of keys such as { kid: '2026-11', alg: 'HS256', secret }, or a function that reads it",
)
const refreshSecrets = v.custom<RefreshSecretSource>(
  (value) =>
    typeof value === 'function' ||
    (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')),
  'an array of strings of at least 32 bytes, or a function that reads it',
)
const postgres = v.custom<PostgresPool>(
  (value) => typeof (value as { query?: unknown } | null | undefined)?.query === 'function',
  'a pool of pg',
)

function hasSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username } = new URL(url)
  if (username !== '') return false
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
  )
}

const JWKS_URL = 'an https: URL, or an http: one of this machine'
const jwks = members({
  url: v.pipe(text(JWKS_URL), v.check(hasSafeUrl, JWKS_URL)),
  cooldown: v.optional(duration(), '30s'),
  maxAge: v.optional(duration(), '10m'),
  timeout: v.optional(duration(), '3s'),
})
const ORIGIN = 'an origin such as https://app.example.com'
const origin = v.pipe(
  text(ORIGIN),
  v.check((value) => URL.canParse(value) && new URL(value).origin === value, ORIGIN),
)
const cookie = members({
  sameSite: v.optional(oneOf('strict', 'lax'), 'strict'),
  trustedOrigins: v.optional(v.array(origin), []),
})

const LONGEST_LEEWAY = 60_000
const LONGEST_ACCESS = 86_400_000
const LONGEST_PROOF = 300_000
const PREFIX = 'letters, digits and . _ : -'
const ISSUER = 'a URL without quotes, such as https://auth.example.com'

function complaint(options: ResolvedAuthTokensOptions): string | undefined {
  const { keys: own, jwks: remote, redis, postgres: pool, keySecret } = options
  if ((own === undefined) === (remote === undefined))
    return 'takes exactly one of keys (to issue tokens or verify your own) and jwks (to verify those of another issuer).'
  if (remote !== undefined && options.refreshSecrets !== undefined)
    return 'refreshSecrets goes with keys: the tokens of jwks are refreshed by their issuer.'
  if (redis !== undefined && pool !== undefined) return 'takes one of redis and postgres.'
  if (redis !== undefined && keySecret === undefined)
    return 'keySecret is missing: with redis, subjects stand in keys under a keyed hash. Give a secret of at least 32 bytes that all instances share.'
  if (options.accessTtl > LONGEST_ACCESS || options.accessTtl < 1_000)
    return `accessTtl is ${options.accessTtl} ms, takes 1 s to 1 day: what is short-lived needs no revocation.`
  if (options.leeway > LONGEST_LEEWAY)
    return `leeway is ${options.leeway} ms, takes at most ${LONGEST_LEEWAY}: for as long, a stolen refresh token works unseen.`
  if (options.refreshTtl <= options.accessTtl) return 'refreshTtl takes more than accessTtl.'
  if (options.absoluteTtl < options.refreshTtl) return 'absoluteTtl takes at least refreshTtl.'
  return complaintAboutAlgorithms(options.algorithms) ?? complaintAboutDpop(options)
}

function complaintAboutDpop({
  dpop,
  dpopOrigins,
  dpopMaxAge,
  cookie: cookies,
}: ResolvedAuthTokensOptions): string | undefined {
  if (dpop === 'off')
    return dpopOrigins.length === 0 ? undefined : "dpopOrigins does nothing while dpop is 'off'."
  if (dpopOrigins.length === 0)
    return 'dpopOrigins is missing: a proof names the URL that it is for. Give the origins at which clients reach this server, such as https://api.example.com.'
  if (dpopMaxAge > LONGEST_PROOF) return `dpopMaxAge is ${dpopMaxAge} ms, takes at most ${LONGEST_PROOF}.`
  return dpop === 'required' && cookies !== undefined
    ? "cookie does not go with dpop 'required': a token in a cookie comes without proof."
    : undefined
}

/** The options of auth-tokens as a checked set. */
export const authTokensOptions: OptionSet<ResolvedAuthTokensOptions> =
  defineOptions<ResolvedAuthTokensOptions>(
    'auth',
    {
      issuer: {
        schema: v.pipe(
          text(ISSUER),
          v.check((value) => URL.canParse(value) && !/["\\]/.test(value), ISSUER),
        ),
        required: true,
        pluginOnly: true,
        doc: 'Who issues the tokens (`iss`).',
      },
      audience: {
        schema: audience,
        takes: AUDIENCE,
        required: true,
        pluginOnly: true,
        doc: 'Whom they are for (`aud`); a token names at least one.',
      },
      algorithms: {
        schema: algorithms,
        required: true,
        pluginOnly: true,
        doc: 'The signature algorithms that are taken: all symmetric, or all asymmetric.',
      },
      keys: {
        schema: keys,
        pluginOnly: true,
        secret: true,
        doc: 'Keys that sign and verify, or a function that reads them. The first that can sign signs, all verify.',
      },
      keysMaxAge: {
        schema: duration(1_000),
        default: '5m',
        pluginOnly: true,
        doc: 'How often functions among `keys` and `refreshSecrets` are asked again.',
      },
      jwks: {
        schema: jwks,
        takes: '{ url, cooldown, maxAge, timeout }',
        pluginOnly: true,
        doc: 'Where another issuer publishes its keys, instead of `keys`. Cooldown 30 s, maximum age 10 minutes, timeout 3 s.',
      },
      required: {
        schema: v.boolean('true or false'),
        default: true,
        doc: 'Whether a route needs a token. Without need, a request without one is anonymous; a wrong one is refused all the same.',
      },
      accessTtl: {
        schema: duration(),
        default: '15m',
        pluginOnly: true,
        doc: 'How long an access token lasts, and for how long revocations are remembered.',
      },
      refreshSecrets: {
        schema: refreshSecrets,
        pluginOnly: true,
        secret: true,
        doc: 'Secrets of at least 32 bytes that refresh tokens are derived with, the current one first. Without them, nothing is issued.',
      },
      refreshTtl: {
        schema: duration(),
        default: '30d',
        pluginOnly: true,
        doc: 'How long a refresh token lasts that is not used.',
      },
      absoluteTtl: {
        schema: duration(),
        default: '90d',
        pluginOnly: true,
        doc: 'How long a session lasts, used or not.',
      },
      leeway: {
        schema: duration(0),
        default: '10s',
        pluginOnly: true,
        doc: 'For how long a refresh token may be used again and gets the same successor; at most 60 s.',
      },
      maxSessions: {
        schema: integer(1, 1000),
        default: 10,
        pluginOnly: true,
        doc: 'Most sessions of a subject; the least recently used ones end.',
      },
      renewGrant: {
        schema: callback<RenewGrant>('(grant) => grant or null'),
        pluginOnly: true,
        doc: 'Says at each refresh what the next tokens hold; `null` ends the session. Without it: what they held.',
      },
      clockTolerance: {
        schema: duration(0),
        default: '10s',
        pluginOnly: true,
        doc: 'How far clocks may differ.',
      },
      redis: {
        schema: redisSource,
        pluginOnly: true,
        secret: true,
        doc: 'Keeps sessions and revocations in Redis or Valkey.',
      },
      postgres: {
        schema: postgres,
        pluginOnly: true,
        secret: true,
        doc: 'Keeps them in PostgreSQL. Without either, in the memory of this process.',
      },
      keySecret: {
        schema: text('a string of at least 32 bytes'),
        pluginOnly: true,
        secret: true,
        doc: 'Key of the hash under which subjects stand in the keys of Redis. Required with `redis`.',
      },
      keyPrefix: {
        schema: v.pipe(text(PREFIX), v.regex(/^[\w.:-]+$/, PREFIX)),
        default: 'auth-tokens',
        pluginOnly: true,
        doc: 'Begins every key in Redis.',
      },
      storeTimeout: {
        schema: duration(),
        default: '1s',
        pluginOnly: true,
        doc: 'How long a call may wait for the store.',
      },
      maxStaleness: {
        schema: duration(2_000),
        default: '5s',
        pluginOnly: true,
        doc: 'How old this process’s list of revocations may be.',
      },
      onStoreError: {
        schema: oneOf('closed', 'open'),
        default: 'closed',
        doc: 'While the list is older: tokens are refused with 503, or taken.',
      },
      dpop: {
        schema: oneOf('off', 'allowed', 'required'),
        default: 'off',
        pluginOnly: true,
        doc: 'Binds tokens to a key of the client (DPoP, RFC 9449): where it shows one, or always.',
      },
      dpopMaxAge: {
        schema: duration(1_000),
        default: '60s',
        pluginOnly: true,
        doc: 'How old a proof may be, besides `clockTolerance`; at most 5 minutes.',
      },
      dpopOrigins: {
        schema: v.array(origin, 'an array of origins such as https://api.example.com'),
        default: [],
        pluginOnly: true,
        doc: 'The origins at which clients reach this server, which proofs name. Required with `dpop`.',
      },
      cookie: {
        schema: cookie,
        takes: '{ sameSite, trustedOrigins }',
        pluginOnly: true,
        doc: 'Takes access tokens from the cookie `__Host-access_token` too, of pages of this origin or a trusted one.',
      },
    },
    { check: complaint },
  )
