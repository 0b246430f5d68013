import { toMilliseconds } from '@portcullis/kernel'
import type { Duration } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Block } from './blocks/block-list.ts'
import { endBlock, requireOperation, setBlock } from './blocks/set-block.ts'
import type { BlockTerms } from './blocks/set-block.ts'
import type { BlockSubject } from './blocks/subject.ts'
import { checkCosts } from './core/decide.ts'
import { definePolicy } from './core/policy.ts'
import type { PolicyInput } from './core/policy.ts'
import type { Charge, Limit, Verdict } from './core/verdict.ts'
import { placesNamed, statusOf } from './inspect-limits.ts'
import type { InspectedLimiter, LimiterStatus, StatusQuestion } from './inspect-limits.ts'
import type { Limiter } from './limiter.ts'
import { guardLogin } from './login/guard-login.ts'
import type { Login, LoginAttempt } from './login/guard-login.ts'
import type { ReloadableOptions } from './live-options.ts'
import type { Identity } from './policies/identity.ts'
import { limitsOf } from './request-limits.ts'
import { settledLimits } from './settle-price.ts'
import type { Place } from './stores/store.ts'

/** What {@link UserRateLimit.consume} charges. */
export interface Consumption {
  /** The policy, complete in itself. Its counter is shared by everybody who uses its name, algorithm and window. */
  readonly policy: Omit<PolicyInput, 'window'> & { readonly window: Duration }
  /** Whose quota it is, such as `['user', id]`. Stored as a keyed hash. */
  readonly identity: readonly string[]
  /** Units. Default: 1; 0 only looks. */
  readonly cost?: number
}

/** What {@link UserRateLimit.reset} forgets: of a policy of the app by its name, or of one that no route declares. */
export type Resetting =
  | { readonly policy: string; readonly identity: Identity }
  | Pick<Consumption, 'policy' | 'identity'>

/** What {@link UserRateLimit.reserve} answers. The first of `settle` and `cancel` counts. */
export interface Reserved extends Pick<Verdict, 'allowed' | 'limits'> {
  /**
   * Lowers the charge to what it really cost: never below 0, never above what was reserved.
   *
   * @throws InvalidCost; StoreUnavailable when the store is away: the charge stays
   */
  settle(actual: number): Promise<void>
  /** Gives all of it back. @throws StoreUnavailable when the store is away: the charge stays */
  cancel(): Promise<void>
}

/** The decorator `app.userRateLimit`. */
export interface UserRateLimit {
  /**
   * Charges a policy for somebody, for limits that no route declares.
   *
   * @throws InvalidPolicy, InvalidIdentity, InvalidCost for wrong arguments; StoreUnavailable when the store is away and
   * the policy is `closed`
   */
  consume(consumption: Consumption): Promise<Pick<Verdict, 'allowed' | 'limits'>>
  /**
   * Looks at a policy for somebody and charges nothing: `allowed` says whether `cost` would fit now.
   *
   * @throws as `consume`
   */
  peek(consumption: Consumption): Promise<Pick<Verdict, 'allowed' | 'limits'>>
  /**
   * Charges a policy for somebody until it is known what it really costs. What is neither settled nor cancelled, after a
   * crash for example, stays charged until its window is over.
   *
   * @throws as `consume`
   */
  reserve(consumption: Consumption): Promise<Reserved>
  /**
   * Forgets what somebody has used of a policy, so that their whole quota is free: in the store, with what this process
   * knows of it, and within a second on the other instances that share a Redis. By name it is a policy of the plugin,
   * of a route (all that have the name) or of `guardLogin` (`login-account`, `login-pair`, `login-address`). Calls that
   * are under way may give back what they had reserved before, of what is charged afterwards. The event is
   * `admin.action`.
   *
   * @returns whether there was anything to forget
   * @throws InvalidPolicy for a name that no policy has, InvalidIdentity; StoreUnavailable when the store is away: reset
   * again then
   */
  reset(what: Resetting): Promise<boolean>
  /**
   * Tells what the limiter is in: its store, the policies that hold, and for an identity what each of them says to it
   * and what blocks it. Charges nothing. `peek` asks one policy whether a cost would fit; this is for whoever has to
   * explain a refusal.
   *
   * @throws InvalidPolicy for a name that no policy has, InvalidIdentity; nothing when the store is away
   */
  status(question?: StatusQuestion): Promise<LimiterStatus>
  /**
   * Puts other policies in place of the plugin's, in this process, without a restart; what is left out stays. They are
   * checked as at boot, with all routes laid over them, and where anything is wrong nothing changes. What was used under
   * a name stays used, unless the policy's window or algorithm changes. The event is `admin.action`.
   *
   * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE,
   * PORTCULLIS_USER_RATE_LIMIT_UNKNOWN_FIELD
   */
  reload(options: ReloadableOptions): void
  /**
   * Holds off a principal, tenant, address or operation at once: here, and within a second on all instances that share a
   * Redis. It holds on every route of the scope, also where `config.userRateLimit` is `false`, until it ends. WebSockets
   * and GraphQL subscriptions that are open end with it. The event is `admin.action`.
   *
   * @throws InvalidBlock for wrong arguments; StoreUnavailable when Redis is away: nothing is blocked then
   */
  block(subject: BlockSubject, terms: BlockTerms): Promise<Block>
  /**
   * Ends a block.
   *
   * @returns whether there was one
   * @throws InvalidBlock for wrong arguments; StoreUnavailable when Redis is away: the block holds on
   */
  unblock(subject: BlockSubject): Promise<boolean>
  /** The blocks that hold, as this instance knows them: kinds, ends and reasons; whom, only as keyed hashes. */
  blocks(): readonly Block[]
  /**
   * Guards an attempt to sign in: charged to its address, its account and both together before `check` runs, or to the
   * device alone where that is known; given back where the check succeeds.
   *
   * @param check answers who has signed in, and `undefined`, `null` or `false` where nobody has. What it throws goes on
   * to the caller, and the attempt stays charged.
   * @throws LOGIN_FAILED (401) where the check failed; USER_RATE_LIMIT_EXCEEDED (429) with `Retry-After`,
   * LOGIN_CHALLENGE_REQUIRED (403), INVALID_ACCOUNT (400) and RATE_LIMIT_STORE_UNAVAILABLE (503) before it is asked
   */
  guardLogin<Value>(
    request: FastifyRequest,
    attempt: LoginAttempt,
    check: () => Value | Promise<Value>,
  ): Promise<Login<Value>>
}

/** A limiter that runs, with what replaces its policies. */
export interface RunningLimiter extends InspectedLimiter {
  readonly reload: (options: ReloadableOptions) => void
}

/** Finds the limiter of a scope. */
export type LimiterOf = (scope: FastifyInstance) => RunningLimiter

function chargeOf(keys: Limiter['keys'], { policy, identity, cost = 1 }: Consumption): Charge {
  const defined = definePolicy({ ...policy, window: toMilliseconds(policy.window) })
  return { key: keys.keyOf(identity), policy: defined, cost }
}

function placesOf(limiter: InspectedLimiter, what: Resetting): readonly Place[] {
  return isNamed(what) ? placesNamed(limiter, what.policy, what.identity) : [chargeOf(limiter.keys, what)]
}

function isNamed(what: Resetting): what is Extract<Resetting, { policy: string }> {
  return typeof what.policy === 'string'
}

function tellAction(app: FastifyInstance, action: string): void {
  const details = { action }
  void app.securityEvents.publish({
    type: 'admin.action',
    severity: 'WARNING',
    outcome: 'succeeded',
    details,
  })
}

/** Adds `app.userRateLimit` and `request.userRateLimit` where they are not there yet. */
export function decorate(app: FastifyInstance, limiterOf: LimiterOf): void {
  if (!app.hasDecorator('userRateLimit')) {
    app.decorate('userRateLimit', {
      getter(this: FastifyInstance): UserRateLimit {
        return {
          consume: async (consumption) => {
            const { store, keys } = limiterOf(this)
            const { allowed, limits } = await store.reserve([{ ...chargeOf(keys, consumption), final: true }])
            return { allowed, limits }
          },
          peek: async (consumption) => {
            const { store, keys } = limiterOf(this)
            const charge = chargeOf(keys, consumption)
            checkCosts([charge])
            const { limits } = await store.reserve([{ ...charge, cost: 0 }])
            return { allowed: limits.every(({ remaining }) => remaining >= charge.cost), limits }
          },
          reserve: async (consumption) => {
            const { store, keys } = limiterOf(this)
            const charge = chargeOf(keys, consumption)
            const { allowed, limits, reservation } = await store.reserve([charge])
            const end = async (actual: number): Promise<void> => {
              checkCosts([{ ...charge, cost: actual }])
              if (reservation !== undefined) await store.settle(reservation, actual)
            }
            return { allowed, limits, settle: end, cancel: () => end(0) }
          },
          reset: async (what) => {
            const limiter = limiterOf(this)
            const places = placesOf(limiter, what)
            const were: boolean[] = []
            for (const place of places) were.push(await limiter.store.reset(place))
            for (const key of new Set(places.map((place) => place.key))) await limiter.blocks.tellReset(key)
            tellAction(this, `userRateLimit.reset ${places[0]?.policy.name ?? ''}`)
            return were.includes(true)
          },
          status: async (question) => statusOf(limiterOf(this), question),
          reload: (options) => {
            limiterOf(this).reload(options)
            tellAction(this, 'userRateLimit.reload')
          },
          block: async (subject, terms) => {
            requireOperation(this, subject)
            const block = await setBlock(limiterOf(this), subject, terms)
            tellAction(this, `userRateLimit.block ${block.kind}`)
            return block
          },
          unblock: async (subject) => {
            const was = await endBlock(limiterOf(this), subject)
            if (was) tellAction(this, 'userRateLimit.unblock')
            return was
          },
          blocks: () => limiterOf(this).blocks.list.all(),
          guardLogin: (request, attempt, check) => {
            const limiter = limiterOf(this)
            return guardLogin(limiter, limiter.login, request, attempt, check)
          },
        }
      },
    })
  }
  if (!app.hasRequestDecorator('userRateLimit')) {
    app.decorateRequest('userRateLimit', {
      getter(this: FastifyRequest): readonly Limit[] {
        return settledLimits(this, limitsOf(this))
      },
    })
  }
}
