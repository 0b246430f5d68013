import {
  InvalidOptionsError,
  callback,
  custom,
  defineOptions,
  duration,
  either,
  flag,
  integer,
  members,
  mode,
  nearestName,
  oneOf,
  record,
  text,
} from '@portcullis/kernel'
import type { Duration, Mode, OptionSet } from '@portcullis/kernel'
import { redisSource } from '@portcullis/kernel/redis'
import type { RedisSource } from '@portcullis/kernel/redis'
import * as v from 'valibot'
import { complaintAbout } from './concurrency.ts'
import type { ConcurrencyOptions } from './concurrency.ts'
import { loginComplaint, loginSchema } from './login/login-options.ts'
import type { LoginOptions, ResolvedLoginOptions } from './login/login-options.ts'
import { changedPolicy, compilePolicies } from './policies/compile-policies.ts'
import type { AccountNames, PartitionPart, PolicyOptions, RootFieldName } from './policies/policy-options.ts'
import type { PlanOf } from './policies/plans.ts'
import { isArgumentName, isRootFieldName } from './policies/selection.ts'

/** Options of user-rate-limit, for the plugin and, as far as they belong to a route, for its `config.userRateLimit`. */
export interface UserRateLimitOptions {
  /**
   * Policies by name. The plugin's hold for every route of its scope, those with `optIn` where a route names them; a
   * route adds its own, changes one (its members are laid over the plugin's) or leaves one out with `false`.
   */
  policies?: Readonly<Record<string, PolicyOptions | false>> | undefined
  /** How many requests may be under way at once, by name; for routes as with `policies`. */
  concurrency?: Readonly<Record<string, ConcurrencyOptions | false>> | undefined
  /** `measure` reports what would be refused and refuses nothing. Default: `enforce`. */
  mode?: Mode | undefined
  /** What attempts to sign in are held to that `app.userRateLimit.guardLogin` guards. */
  login?: LoginOptions | undefined
  /** Answers the plan of a principal, for policies with `plans`. Asked once in `planCacheFor` for each principal. */
  plan?: PlanOf | undefined
  /** How long an answer of `plan` holds. Default: 30 seconds. */
  planCacheFor?: Duration | undefined
  /**
   * Which header fields tell the limits: those of the IETF draft, the older `X-RateLimit-*`, both or none. `Retry-After`
   * is always told. Default: `draft`.
   */
  headers?: 'draft' | 'legacy' | 'both' | false | undefined
  /** Redis or Valkey: a URL, options of ioredis, or a client. Default: this process's memory. */
  redis?: RedisSource | undefined
  /** Key of the hash under which identities are stored: at least 32 bytes. Required with `redis`. */
  keySecret?: string | undefined
  /** Begins every key in Redis. Default: `rate-limit`. */
  keyPrefix?: string | undefined
  /** How long a decision may wait for the store. Default: 50 ms. */
  storeTimeout?: Duration | undefined
  /** Leading bits of an IPv6 address that make one client. Default: 64. */
  ipv6Subnet?: number | undefined
  /** Most partitions kept in memory. Default: 100,000. */
  maxKeys?: number | undefined
}

/**
 * Policies of a route: by name, laid over the plugin's (`true` for one as the plugin has it), or a list of names, which
 * is the same as `true` for each. A name adds a policy and never leaves another out.
 */
export type RoutePolicies = readonly string[] | Readonly<Record<string, PolicyOptions | boolean>>

/** {@link UserRateLimitOptions} with their defaults. */
export interface ResolvedUserRateLimitOptions {
  readonly policies: Readonly<Record<string, PolicyOptions | false>>
  readonly concurrency: Readonly<Record<string, ConcurrencyOptions | false>>
  readonly mode: Mode
  readonly plan: PlanOf | undefined
  readonly planCacheFor: number
  readonly login: ResolvedLoginOptions
  readonly headers: 'draft' | 'legacy' | 'both' | false
  readonly redis: RedisSource | undefined
  readonly keySecret: string | undefined
  readonly keyPrefix: string
  readonly storeTimeout: number
  readonly ipv6Subnet: number
  readonly maxKeys: number
}

const PART = "'address', 'principal', 'tenant', 'account' or (request) => string or null"
const part = either(
  oneOf('address', 'principal', 'tenant', 'account'),
  callback<Extract<PartitionPart, (...args: never[]) => unknown>>('(request) => string or null'),
  PART,
)
const WORD = "'query', 'mutation', 'subscription' or a root field such as 'Mutation.login'"
const word = either(
  oneOf('query', 'mutation', 'subscription'),
  custom<RootFieldName>(isRootFieldName, "a root field such as 'Mutation.login'"),
  WORD,
)
const selected = either(word, v.pipe(v.array(word), v.minLength(1)), `${WORD}, or an array of them`)
const ARGUMENT = "an argument of a root field, such as 'Mutation.login.email'"
const argument = custom<string>(isArgumentName, ARGUMENT)
const account = either(
  text(),
  members({
    body: v.optional(text()),
    argument: v.optional(
      either(argument, v.pipe(v.array(argument), v.minLength(1)), `${ARGUMENT}, or an array of them`),
    ),
  }),
  "a member of the body such as 'email', or { body, argument: 'Mutation.login.email' }",
) as v.GenericSchema<string | AccountNames>
const units = v.union(
  [integer(0), v.literal('queryCost'), callback<(request: never) => number>('(request) => number')],
  "a whole number, 'queryCost' or (request) => number",
)
const policy = members({
  quota: v.optional(integer(1)),
  window: v.optional(duration()),
  plans: v.optional(
    record(
      either(
        members({ quota: integer(1), burst: v.optional(integer(1)) }),
        v.literal(false),
        'a quota such as { quota: 1000 }, or false',
      ),
      'quotas by plan, such as { pro: { quota: 1000 } }',
    ),
  ),
  algorithm: v.optional(oneOf('sliding-window', 'sliding-log', 'fixed-window', 'gcra')),
  burst: v.optional(integer(1)),
  partitionKey: v.optional(
    either(part, v.pipe(v.array(part), v.minLength(1)), `${PART}, or an array of them`),
  ),
  account: v.optional(account),
  anonymous: v.optional(oneOf('address', 'deny', 'skip')),
  cost: v.optional(units),
  eventCost: v.optional(units),
  penalty: v.optional(integer(0)),
  when: v.optional(
    v.union(
      [
        word,
        v.pipe(v.array(word), v.minLength(1)),
        callback<(request: never) => boolean>('(request) => boolean'),
      ],
      `${WORD}, an array of them, or (request) => boolean`,
    ),
  ),
  skip: v.optional(callback<(request: never) => boolean>('(request) => boolean')),
  unit: v.optional(text()),
  mode: v.optional(mode),
  onStoreError: v.optional(oneOf('closed', 'open', 'local')),
  lease: v.optional(members({ size: integer(1), maxAge: duration() })),
  optIn: v.optional(flag()),
  message: v.optional(text()),
})

type Policies = Readonly<Record<string, PolicyOptions | false>>

const BY_NAME = "policies by name, such as { perUser: { quota: 100, window: '1m' } }"

const policies = either(
  record(either(policy, flag(), 'a policy, or false; for a route also true'), BY_NAME),
  v.array(text()),
  `${BY_NAME}; for a route also a list of names`,
) as unknown as v.GenericSchema<Policies>

type Limits = Readonly<Record<string, ConcurrencyOptions | false>>

const concurrency = record(
  either(
    members({
      limit: v.optional(integer(1, 10_000)),
      partitionKey: v.optional(
        either(part, v.pipe(v.array(part), v.minLength(1)), `${PART}, or an array of them`),
      ),
      anonymous: v.optional(oneOf('address', 'deny', 'skip')),
      when: v.optional(selected),
      onStoreError: v.optional(oneOf('closed', 'open', 'local')),
    }),
    v.literal(false),
    'a concurrency limit or false',
  ),
  'limits by name, such as { perUser: { limit: 20 } }',
) as unknown as v.GenericSchema<Limits>

/** A route's concurrency limits over the plugin's, likewise. */
function overlayLimits(plugin: Limits, route: Limits): Limits {
  const merged = new Map(Object.entries(plugin))
  for (const [name, own] of Object.entries(route)) {
    const inherited = merged.get(name)
    merged.set(name, own === false || !inherited ? own : { ...inherited, ...own })
  }
  return Object.fromEntries(merged)
}

/** Whether a route's entry only makes sense where the plugin has a policy of that name. */
function isOfPlugin(own: PolicyOptions | boolean): boolean {
  return typeof own === 'boolean' || (own.quota === undefined && own.window === undefined)
}

function unknownPolicy(name: string, known: readonly string[]): Error {
  const nearest = nearestName(name, known)
  const mend =
    nearest === undefined
      ? `Those it has: ${known.length === 0 ? 'none' : known.join(', ')}.`
      : `Did you mean '${nearest}'?`
  return new InvalidOptionsError(
    `userRateLimit.policies: the plugin has no policy '${name}' that a route could name, change or leave out. ${mend} A policy of the route's own needs quota and window.`,
  )
}

/** A route's policies over the plugin's: by name, member by member. */
function overlay(plugin: Policies, route: RoutePolicies): Policies {
  const merged = new Map(Object.entries(plugin))
  if (isList(route)) requireOnce(route)
  const named = isList(route) ? route.map((name) => [name, true] as const) : Object.entries(route)
  for (const [name, own] of named) {
    const inherited = merged.get(name)
    if (own === true ? !inherited : inherited === undefined && isOfPlugin(own))
      throw unknownPolicy(name, [...merged.keys()])
    if (typeof own === 'object' && own.optIn !== undefined)
      throw new InvalidOptionsError(
        `userRateLimit.policies.${name}.optIn is for policies of the plugin: one that a route has holds on that route.`,
      )
    const added = own === true ? {} : own
    merged.set(name, added === false || !inherited ? added : changedPolicy(inherited, added))
  }
  return Object.fromEntries(merged)
}

function requireOnce(names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new InvalidOptionsError(`userRateLimit.policies names '${twice}' twice. Name it once.`)
}

function isList(given: RoutePolicies): given is readonly string[] {
  return Array.isArray(given)
}

/** What only a route may say of policies. */
function complaintAboutNames(given: RoutePolicies): string | undefined {
  if (isList(given)) return `policies is a list of names, which is for routes: the plugin takes ${BY_NAME}.`
  const name = Object.keys(given).find((one) => given[one] === true)
  if (name === undefined) return undefined
  return `policies.${name} is true, which is for routes that name a policy of the plugin: the plugin takes the policy itself, with optIn where it is for such routes alone.`
}

/** The options of user-rate-limit as a checked set. */
export const userRateLimitOptions: OptionSet<ResolvedUserRateLimitOptions> =
  defineOptions<ResolvedUserRateLimitOptions>(
    'userRateLimit',
    {
      policies: {
        schema: policies,
        default: {},
        merge: overlay,
        takes: `${BY_NAME}; for a route also a list of names`,
        doc: 'Policies by name. The plugin’s hold for every route of its scope, those with `optIn` where a route names them; a route adds its own, changes one member by member, names one with `true`, or leaves one out with `false`.',
      },
      concurrency: {
        schema: concurrency,
        default: {},
        merge: overlayLimits,
        doc: 'How many requests may be under way at once: limits by name, each `{ limit, partitionKey, when, anonymous, onStoreError }`; for routes as with `policies`.',
      },
      mode: {
        schema: mode,
        default: 'enforce',
        doc: '`measure` reports what would be refused and refuses nothing.',
      },
      plan: {
        schema: callback<PlanOf>('(request) => the plan of a principal, or null'),
        pluginOnly: true,
        doc: 'Answers the plan of who asks, for policies with `plans`.',
      },
      planCacheFor: {
        schema: duration(),
        default: '30s',
        pluginOnly: true,
        doc: 'How long an answer of `plan` holds for a principal.',
      },
      login: {
        schema: loginSchema,
        default: {},
        pluginOnly: true,
        doc: 'What attempts to sign in are held to that `guardLogin` guards.',
      },
      headers: {
        schema: either(
          oneOf('draft', 'legacy', 'both'),
          v.literal(false),
          "'draft', 'legacy', 'both' or false",
        ),
        default: 'draft',
        pluginOnly: true,
        doc: 'Which header fields tell the limits: those of the IETF draft, `X-RateLimit-*`, both or none.',
      },
      redis: {
        schema: redisSource,
        pluginOnly: true,
        secret: true,
        doc: 'Redis or Valkey. Without it, this process’s memory counts.',
      },
      keySecret: {
        schema: text('a string of at least 32 bytes'),
        pluginOnly: true,
        secret: true,
        doc: 'Key of the hash under which identities are stored. Required with `redis`; at least 32 bytes in production.',
      },
      keyPrefix: {
        schema: text(),
        default: 'rate-limit',
        pluginOnly: true,
        doc: 'Begins every key in Redis.',
      },
      storeTimeout: {
        schema: duration(),
        default: 50,
        pluginOnly: true,
        doc: 'How long a decision may wait for the store.',
      },
      ipv6Subnet: {
        schema: integer(32, 128),
        default: 64,
        pluginOnly: true,
        doc: 'Leading bits of an IPv6 address that make one client.',
      },
      maxKeys: {
        schema: integer(1),
        default: 100_000,
        pluginOnly: true,
        doc: 'Most counters kept in memory: one for each partition and policy.',
      },
    },
    {
      check: (options) => {
        if (options.redis !== undefined && options.keySecret === undefined) {
          return 'keySecret is missing: with redis, identities are stored under a keyed hash. Give a secret of at least 32 bytes that all instances share.'
        }
        const complaint = complaintAboutNames(options.policies)
        if (complaint !== undefined) return complaint
        const planned = Object.entries(options.policies).find(
          ([, one]) => one !== false && one.plans !== undefined,
        )
        if (planned !== undefined && options.plan === undefined) {
          return `policies.${planned[0]}.plans needs the plugin's option plan: a function that answers who has which.`
        }
        return (
          loginComplaint(options.login) ??
          compilePolicies(options).complaint ??
          complaintAbout(options.concurrency)
        )
      },
    },
  )
