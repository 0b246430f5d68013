import { callback, duration, either, integer, members, oneOf, text } from '@portcullis/kernel'
import type { Duration } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import * as v from 'valibot'
import type { OnStoreError } from '../core/policy.ts'

/** How many units of login attempts somebody has. */
export interface LoginLimit {
  /** Units admitted per window: a whole number from 1. */
  readonly quota: number
  readonly window: Duration
  /** Units of an attempt that fails. Default: 1. */
  readonly failure?: number | undefined
  /** Units of an attempt that succeeds. Default: 0, so that people who know their password are never in each other's way. */
  readonly success?: number | undefined
}

/** When most attempts of everybody fail, somebody is guessing. */
export interface FailureRatio {
  /** Part of all attempts that fail, above 0 and up to 1. Default: 0.8. */
  readonly ratio?: number | undefined
  /** Attempts in the window below which nothing is said. Default: 100. */
  readonly atLeast?: number | undefined
  /** Default: five minutes. */
  readonly window?: Duration | undefined
  /**
   * What tells a person from a program, such as the check of a CAPTCHA that came with the request. While the ratio is
   * passed, attempts from devices that are not known must pass it. Without it, the ratio is only reported.
   */
  readonly challenge?: ((request: FastifyRequest) => boolean | Promise<boolean>) | undefined
}

/** What `userRateLimit.guardLogin` holds attempts to. `false` leaves a limit out. */
export interface LoginOptions {
  /** An account from one address. Default: 5 failures in 5 minutes. */
  readonly pair?: LoginLimit | false | undefined
  /** An account, from all addresses. Default: 50 failures in an hour (ASVS asks for at most 100). */
  readonly account?: LoginLimit | false | undefined
  /** An address, for all accounts. Default: 50 failures in 15 minutes. */
  readonly address?: LoginLimit | false | undefined
  /** An account from a known device, in place of the three above. Default: 10 failures in an hour. */
  readonly device?: LoginLimit | false | undefined
  /** How long a device is known after a login. Default: 30 days. */
  readonly deviceLifetime?: Duration | undefined
  /** Default: reported when 80 % of at least 100 attempts in 5 minutes fail. */
  readonly failureRatio?: FailureRatio | false | undefined
  /** What is done while the store is away. Default: `local`, this instance's share. */
  readonly onStoreError?: OnStoreError | undefined
  /** The message of a refusal. Default: `Too many login attempts`. */
  readonly message?: string | undefined
}

const limit = (quota: number, window: number) =>
  v.optional(
    either(
      members({
        quota: integer(1),
        window: duration(),
        failure: v.optional(integer(1), 1),
        success: v.optional(integer(0), 0),
      }),
      v.literal(false),
      "a limit such as { quota: 5, window: '5m' }, or false",
    ),
    { quota, window, failure: 1, success: 0 },
  )

const RATIO = 'a number above 0 and up to 1'
const MINUTE = 60_000

const loginMembers = members(
  {
    pair: limit(5, 5 * MINUTE),
    account: limit(50, 60 * MINUTE),
    address: limit(50, 15 * MINUTE),
    device: limit(10, 60 * MINUTE),
    deviceLifetime: v.optional(duration(), '30d'),
    failureRatio: v.optional(
      either(
        members({
          ratio: v.optional(
            v.pipe(
              v.number(RATIO),
              v.check((value) => value > 0 && value <= 1, RATIO),
            ),
            0.8,
          ),
          atLeast: v.optional(integer(1), 100),
          window: v.optional(duration(), 5 * MINUTE),
          challenge: v.optional(
            callback<NonNullable<FailureRatio['challenge']>>('(request) => boolean or a promise of it'),
          ),
        }),
        v.literal(false),
        'a ratio such as { ratio: 0.8, atLeast: 100 }, or false',
      ),
      {},
    ),
    onStoreError: v.optional(oneOf('closed', 'open', 'local'), 'local'),
    message: v.optional(text(), 'Too many login attempts'),
  },
  "limits of login attempts, such as { pair: { quota: 5, window: '5m' } }",
)

/** Schema of {@link LoginOptions}, with their defaults filled in. */
export const loginSchema: v.GenericSchema<LoginOptions, ResolvedLoginOptions> = loginMembers

/** {@link LoginOptions} with their defaults. */
export interface ResolvedLoginOptions {
  readonly pair: ResolvedLoginLimit | false
  readonly account: ResolvedLoginLimit | false
  readonly address: ResolvedLoginLimit | false
  readonly device: ResolvedLoginLimit | false
  readonly deviceLifetime: number
  readonly failureRatio: ResolvedFailureRatio | false
  readonly onStoreError: OnStoreError
  readonly message: string
}

/** {@link LoginLimit} with its defaults. */
export type ResolvedLoginLimit = Readonly<Record<'quota' | 'window' | 'failure' | 'success', number>>

/** {@link FailureRatio} with its defaults. */
interface ResolvedFailureRatio {
  readonly ratio: number
  readonly atLeast: number
  readonly window: number
  readonly challenge?: FailureRatio['challenge']
}

/** What does not go together in the options. */
export function loginComplaint(options: ResolvedLoginOptions): string | undefined {
  const { pair, account, address } = options
  if (!pair && !account && !address)
    return 'login.pair, login.account and login.address are all false: leave one in, or guardLogin would guard nothing.'
  for (const name of ['pair', 'account', 'address', 'device'] as const) {
    const own = options[name]
    if (own === false || Math.max(own.failure, own.success) <= own.quota) continue
    return `login.${name} admits no attempt: failure and success must not be above its quota of ${own.quota}.`
  }
  return undefined
}
