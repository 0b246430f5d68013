import { beginExecution, recordRefusal } from '@portcullis/kernel'
import type { ClientError } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { readAccount } from '../core/account.ts'
import { retryAfterSeconds } from '../core/headers.ts'
import type { Charge, Verdict } from '../core/verdict.ts'
import {
  InvalidAccount,
  LoginChallengeRequired,
  LoginFailed,
  RateLimitStoreUnavailable,
  UserRateLimitExceeded,
} from '../errors.ts'
import type { Limiter } from '../limiter.ts'
import { addressOf } from '../policies/partition.ts'
import { StoreUnavailable } from '../stores/failures.ts'
import { ratioCounter } from './failure-ratio.ts'
import type { ResolvedLoginLimit, ResolvedLoginOptions } from './login-options.ts'
import { loginIdentity, loginPolicy } from './login-places.ts'
import type { LoginLane } from './login-places.ts'

/** Who wants to sign in. */
export interface LoginAttempt {
  /** The account's name as the client sent it. It is folded, so that no spelling has tries of its own. */
  readonly account: unknown
  /** What `device` of an earlier login was, as the client gave it back, in a cookie for example. */
  readonly device?: unknown
}

/** A login that succeeded. */
export interface Login<Value> {
  /** What the check answered. */
  readonly value: NonNullable<Exclude<Value, false>>
  /** By this the device is known when it signs in again: set it as a cookie (`httpOnly`, `secure`, `sameSite`). */
  readonly device: string
}

interface Lane {
  readonly charge: Charge
  readonly limit: ResolvedLoginLimit
}

async function refuse(
  request: FastifyRequest,
  error: ClientError,
  headers: Record<string, string>,
  policy?: string,
): Promise<never> {
  // The handler runs: what the request was charged by other policies stays charged.
  beginExecution(request)
  const details = { code: error.code, policy }
  await recordRefusal(request, {
    gate: 'userRateLimit',
    error,
    event: { type: 'rate_limit.exceeded', severity: 'WARNING', details },
  })
  // Fastify sends the headers of an error.
  throw Object.assign(error, { headers: { ...headers, 'cache-control': 'no-store' } })
}

/** The limits that an attempt is held to: a known device's own, or those of everybody else. */
function lanesOf(
  { keys, ipv6Subnet }: Limiter,
  options: ResolvedLoginOptions,
  request: FastifyRequest,
  account: string,
  device: string | undefined,
): Lane[] {
  const address = addressOf(request, ipv6Subnet)
  const of = (lane: LoginLane, other: readonly string[] = []): Lane[] => {
    const limit = options[lane]
    if (limit === false) return []
    const policy = loginPolicy(lane, limit, options)
    const key = keys.keyOf(loginIdentity(lane, account, other))
    return [{ charge: { key, policy, cost: Math.max(limit.failure, limit.success) }, limit }]
  }
  if (device !== undefined && options.device !== false) return of('device', [device])
  return [...of('pair', address), ...of('account'), ...of('address', address)]
}

async function reserve(
  limiter: Limiter,
  charges: readonly Charge[],
  request: FastifyRequest,
): Promise<Verdict> {
  try {
    return await limiter.store.reserve(charges)
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    return refuse(request, new RateLimitStoreUnavailable(), { 'retry-after': '1' })
  }
}

/**
 * Holds an attempt to sign in to its limits. All of them are charged as for a failure before the check runs, so that
 * parallel guesses cannot pass together, and lowered once it is known how it ended. An attempt whose check throws stays
 * charged.
 */
export async function guardLogin<Value>(
  limiter: Limiter,
  options: ResolvedLoginOptions,
  request: FastifyRequest,
  attempt: LoginAttempt,
  check: () => Value | Promise<Value>,
): Promise<Login<Value>> {
  const { store, devices } = limiter
  const reading = readAccount(attempt.account)
  if (typeof reading === 'string') return refuse(request, new InvalidAccount(), {})
  const { name: account } = reading
  const device = options.device === false ? undefined : devices.deviceOf(attempt.device, account, Date.now())
  const lanes = lanesOf(limiter, options, request, account, device)
  const ratio = ratioCounter(limiter, options)
  const charges = [...lanes.map(({ charge }) => charge), ...(ratio?.look ?? [])]
  const verdict = await reserve(limiter, charges, request)
  const { allowed, limits, reservation } = verdict
  const ending = async (units: (limit: ResolvedLoginLimit) => number): Promise<void> => {
    const actual = new Map(lanes.map(({ charge, limit }) => [charge.policy.name, units(limit)]))
    // What cannot be given back now stays charged until its window is over.
    if (reservation !== undefined) await store.settle(reservation, actual).catch(() => undefined)
  }
  if (!allowed) {
    const seconds = retryAfterSeconds(limits)
    const violated = limits.find((limit) => limit.violated)?.policy.name
    const headers = seconds === undefined ? {} : { 'retry-after': String(seconds) }
    const error: ClientError = new UserRateLimitExceeded(options.message)
    // Where a resolver throws it, there is no header to tell it.
    if (seconds !== undefined) error.extensions = { retryAfter: seconds }
    return refuse(request, error, headers, violated)
  }
  if (device === undefined && ratio?.isPassed(limits) === true) {
    const challenge = options.failureRatio === false ? undefined : options.failureRatio.challenge
    if (challenge === undefined) report(request)
    else if (!(await challenge(request))) {
      await ending(() => 0)
      return refuse(request, new LoginChallengeRequired(), {}, 'login-failures')
    }
  }
  const value = await check()
  const isFailure = value === undefined || value === null || value === false
  const counted =
    ratio === undefined || device !== undefined ? undefined : store.reserve(ratio.after(isFailure))
  await Promise.all([
    ending(({ failure, success }) => (isFailure ? failure : success)),
    counted?.catch(() => undefined),
  ])
  tell(request, isFailure)
  if (isFailure) throw loginFailed()
  return { value: value as Login<Value>['value'], device: devices.issue(account, Date.now()) }
}

function loginFailed(): ClientError {
  const error: ClientError = new LoginFailed()
  // GraphQL engines read the code here.
  error.extensions = { code: error.code }
  return error
}

function report(request: FastifyRequest): void {
  const details = { code: 'LOGIN_FAILURES', policy: 'login-failures' }
  const event = { type: 'rate_limit.exceeded', severity: 'CRITICAL', outcome: 'measured', details } as const
  void request.server.securityEvents.publish(event, request)
}

function tell(request: FastifyRequest, isFailure: boolean): void {
  void request.server.securityEvents.publish(
    isFailure
      ? { type: 'auth.failure', severity: 'WARNING', outcome: 'failed', details: { reason: 'credentials' } }
      : { type: 'auth.success', severity: 'INFO', outcome: 'succeeded', details: { method: 'login' } },
    request,
  )
}
