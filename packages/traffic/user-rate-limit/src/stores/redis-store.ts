import { checkCosts } from '../core/decide.ts'
import type { Charge, Limit, Reservation, Verdict } from '../core/verdict.ts'
import type { RedisSource } from '@portcullis/kernel/redis'
import { DeniedCache } from './denied-cache.ts'
import { DecisionBatch } from './decision-batch.ts'
import type { GroupDecision } from './decision-batch.ts'
import { RedisSlots } from './redis-slots.ts'
import { RedisRunner } from './redis-runner.ts'
import { RESET, ScriptArguments, buildScripts } from './redis-scripts.ts'
import type { Scripts } from './redis-scripts.ts'
import { ReservationBook } from './reservation-book.ts'
import type { Refund } from './reservation-book.ts'
import type { ActualCost, Place, RateLimitStore } from './store.ts'

/** How a Redis store is reached. */
export interface RedisStoreOptions {
  /** URL, options of ioredis, or a client of ioredis 5.9 or 6, which is duplicated and left alone. */
  readonly redis: RedisSource
  /** Milliseconds within which a decision is made or fails, whatever Redis does. Default: 50. */
  readonly storeTimeout?: number
  /** Refused calls that are remembered until they can pass, so that a flood costs no command; 0 for none. Default: 10,000. */
  readonly deniedCalls?: number
  /** Milliseconds for which a slot of a process that died stays taken. Default: 30,000. */
  readonly slotLife?: number
  /** Told how many keys had lost their expiry, by a `PERSIST` or a restore; they have one again. */
  readonly onHealed?: (keys: number) => void
  /** The scripts, where tests replace their clock. Default: those of `buildScripts()`. */
  readonly scripts?: Scripts
  /** Clock in milliseconds that reservations age by, where tests replace it. Default: `performance.now`. */
  readonly now?: () => number
}

/**
 * A store in Redis or Valkey, for any number of instances: one script per decision, on the server's clock.
 *
 * `storeTimeout` is a hard bound. A script that runs after it, because the server was frozen or the command sat in a
 * buffer, finds its deadline passed and charges nothing; a charge is never sent twice. After three failures in a row a
 * circuit breaker fails decisions at once and looks for the server in the background.
 *
 * On a Redis Cluster, partitions live in different slots: they are reserved in order, and given back when a later one
 * refuses. In between another call may see them charged.
 */
export class RedisStore implements RateLimitStore {
  /** Slots of concurrency limits, on the same connection. */
  readonly slots: RedisSlots
  readonly #runner: RedisRunner
  readonly #scripts: Scripts
  readonly #batch: DecisionBatch
  readonly #book: ReservationBook
  readonly #denied: DeniedCache | undefined
  readonly #now: () => number

  constructor(options: RedisStoreOptions) {
    this.#runner = new RedisRunner(options.redis, options.storeTimeout ?? 50)
    this.slots = new RedisSlots(this.#runner, options.slotLife)
    this.#scripts = options.scripts ?? buildScripts()
    this.#batch = new DecisionBatch(this.#runner, this.#scripts, options.onHealed ?? (() => undefined))
    this.#now = options.now ?? (() => performance.now())
    this.#book = new ReservationBook(this.#now)
    const { deniedCalls = 10_000 } = options
    this.#denied = deniedCalls === 0 ? undefined : new DeniedCache(this.#now, deniedCalls)
  }

  /**
   * Connects. When it rejects, the store goes on trying in the background until it is closed, so that policies that
   * are not `closed` may start without it.
   *
   * @throws RedisUnreachable naming host and port when Redis does not answer within five seconds.
   */
  async connect(): Promise<void> {
    await this.#runner.connect()
  }

  /**
   * What Redis does when its memory is full, such as `noeviction`; `undefined` where it does not tell.
   *
   * @throws StoreUnavailable when it does not answer
   */
  async evictionPolicy(): Promise<string | undefined> {
    return this.#runner.evictionPolicy()
  }

  async reserve(charges: readonly Charge[]): Promise<Verdict> {
    checkCosts(charges)
    if (charges.length === 0) return { allowed: true, limits: [] }
    const denied = this.reserveNow(charges)
    if (denied !== undefined) return denied
    const endAt = this.#runner.begin()
    const sent = this.#now()
    const verdict = this.#runner.isCluster
      ? await this.#reserveInOrder(charges, endAt)
      : this.#verdictOf(await this.#batch.decide(charges, true, endAt))
    if (!verdict.allowed) this.#denied?.remember(charges, verdict.limits, sent)
    return verdict
  }

  /** Refuses again what it knows to be refused still, without a command to Redis. */
  reserveNow(charges: readonly Charge[]): Verdict | undefined {
    return this.#denied?.find(charges)
  }

  /** Decides the partitions of a cluster one after the other. Once one has refused, the others are only looked at. */
  async #reserveInOrder(charges: readonly Charge[], endAt: number): Promise<Verdict> {
    const groups = groupByKey(charges)
    const decisions: GroupDecision[] = []
    let allowed = true
    try {
      for (const group of groups) {
        const decision = await this.#batch.decide(group, allowed, endAt)
        allowed &&= decision.allowed
        decisions.push(decision)
      }
    } catch (error) {
      await this.#giveBack(decisions, endAt)
      throw error
    }
    if (!allowed) await this.#giveBack(decisions, endAt)
    const limits = decisions.map((decision) => (allowed ? decision.limits : unchargedLimits(decision)))
    const receipts = allowed ? decisions.flatMap((decision) => decision.receipts) : []
    return this.#verdictOf({ allowed, limits: inOrder(charges, groups, limits), receipts })
  }

  #verdictOf({ allowed, limits, receipts }: GroupDecision): Verdict {
    const reservation = this.#book.open(receipts)
    return reservation === undefined ? { allowed, limits } : { allowed, limits, reservation }
  }

  async cancel(reservation: Reservation): Promise<void> {
    await this.settle(reservation, 0)
  }

  async settle(reservation: Reservation, actual: ActualCost): Promise<void> {
    const refunds = this.#book.take(reservation, actual)
    if (refunds.length === 0) return
    await this.#refund(refunds, this.#runner.begin())
  }

  async reset({ key, policy }: Place): Promise<boolean> {
    const call = { script: RESET, keys: [key], args: [policy.field] }
    const [, , was] = await this.#runner.run(call, this.#runner.begin())
    this.#denied?.forget(key)
    return was === 1
  }

  /** Forgets the refusals of a partition, so that Redis is asked again. */
  forgetLocal(key: string): void {
    this.#denied?.forget(key)
  }

  /** Whether Redis is known not to answer. Looks for it in the background, as `reserve` does. */
  get away(): boolean {
    return this.#runner.away
  }

  async close(): Promise<void> {
    await this.slots.close()
    this.#runner.close()
  }

  /** Takes back the groups of a call that was refused or failed later on. What can't be reached stays charged. */
  async #giveBack(decisions: readonly GroupDecision[], endAt: number): Promise<void> {
    const refunds = decisions.flatMap(({ receipts }) =>
      receipts.map(({ charge, mark }) => ({ charge, mark, amount: charge.cost })),
    )
    await this.#refund(refunds, endAt).catch(() => undefined)
  }

  async #refund(refunds: readonly Refund[], endAt: number): Promise<void> {
    if (refunds.length === 0) return
    const groups = this.#runner.isCluster ? refundsByKey(refunds) : [refunds]
    await Promise.all(
      groups.map(async (group) => {
        const args = new ScriptArguments()
        for (const { charge, mark, amount } of group) args.refund(charge, mark, amount)
        const script = this.#scripts.refund(args.algorithms)
        await this.#runner.run({ script, keys: args.keys, args: args.list }, endAt).finally(() => {
          // Not before: a refusal that was decided earlier may still be on its way.
          for (const key of args.keys) this.#denied?.forget(key)
        })
      }),
    )
  }
}

function refundsByKey(refunds: readonly Refund[]): Refund[][] {
  const keys = new Set(refunds.map(({ charge }) => charge.key))
  return [...keys].map((key) => refunds.filter(({ charge }) => charge.key === key))
}

function groupByKey(charges: readonly Charge[]): Charge[][] {
  const groups = new Map<string, Charge[]>()
  for (const charge of charges) {
    const group = groups.get(charge.key)
    if (group === undefined) groups.set(charge.key, [charge])
    else group.push(charge)
  }
  return [...groups.values()]
}

/** Limits of a decision as they are once it has been taken back. */
function unchargedLimits({ limits, receipts }: GroupDecision): readonly Limit[] {
  if (receipts.length === 0) return limits
  const costs = new Map(receipts.map(({ charge }) => [charge.policy, charge.cost]))
  return limits.map((limit) => ({
    ...limit,
    remaining: Math.min(limit.policy.capacity, limit.remaining + (costs.get(limit.policy) ?? 0)),
  }))
}

/** Brings what was decided by group back into the order of the charges. */
function inOrder(
  charges: readonly Charge[],
  groups: readonly (readonly Charge[])[],
  limits: readonly (readonly Limit[])[],
): Limit[] {
  const byCharge = new Map(
    groups.flatMap((group, at) => group.map((charge, i) => [charge, limits[at]?.[i]] as const)),
  )
  return charges.flatMap((charge) => byCharge.get(charge) ?? [])
}
