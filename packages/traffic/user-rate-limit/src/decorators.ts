import { toMilliseconds } from '@portcullis/kernel'
import type { Duration } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Block } from './blocks/block-list.ts'
import { endBlock, requireOperation, setBlock } from './blocks/set-block.ts'
import type { BlockTerms } from './blocks/set-block.ts'
import type { BlockSubject } from './blocks/subject.ts'
import { definePolicy } from './core/policy.ts'
import type { PolicyInput } from './core/policy.ts'
import type { Limit, Verdict } from './core/verdict.ts'
import type { Limiter } from './limiter.ts'
import { guardLogin } from './login/guard-login.ts'
import type { Login, LoginAttempt } from './login/guard-login.ts'
import { limitsOf } from './request-limits.ts'
import { settledLimits } from './settle-price.ts'

/** What {@link UserRateLimit.consume} charges. */
export interface Consumption {
  /** The policy, complete in itself. Its counter is shared by everybody who uses its name, algorithm and window. */
  readonly policy: Omit<PolicyInput, 'window'> & { readonly window: Duration }
  /** Whose quota it is, such as `['user', id]`. Stored as a keyed hash. */
  readonly identity: readonly string[]
  /** Units. Default: 1; 0 only looks. */
  readonly cost?: number
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
   * Holds off a principal, tenant, address or operation at once: here, and within a second on all instances that share a
   * Redis. It holds on every route of the scope, also where `config.userRateLimit` is `false`, until it ends. The event
   * is `admin.action`.
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

/** Finds the limiter of a scope. */
export type LimiterOf = (scope: FastifyInstance) => Limiter

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
          consume: async ({ policy, identity, cost = 1 }) => {
            const { keys, store } = limiterOf(this)
            const charge = {
              key: keys.keyOf(identity),
              policy: definePolicy({ ...policy, window: toMilliseconds(policy.window) }),
              cost,
              final: true,
            }
            const { allowed, limits } = await store.reserve([charge])
            return { allowed, limits }
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
