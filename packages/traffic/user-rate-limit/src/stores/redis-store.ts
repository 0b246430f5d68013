import type { Mark } from '../core/algorithms/algorithm.ts'
import { checkCosts } from '../core/decide.ts'
import type { Receipt } from '../core/decide.ts'
import type { Charge, Limit, Reservation, Verdict } from '../core/verdict.ts'
import type { RedisSource } from '@portcullis/kernel/redis'
import { RedisRunner } from './redis-runner.ts'
import { buildScripts, chargeArguments, refundArguments } from './redis-scripts.ts'
import type { Scripts } from './redis-scripts.ts'
import { ReservationBook } from './reservation-book.ts'
import type { Refund } from './reservation-book.ts'
import type { ActualCost, RateLimitStore } from './store.ts'

/** How a Redis store is reached. */
export interface RedisStoreOptions {
  /** URL, options of ioredis, or a client of ioredis 5.9 or 6, which is duplicated and left alone. */
  readonly redis: RedisSource
  /** Milliseconds within which a decision is made or fails, whatever Redis does. Default: 50. */
  readonly storeTimeout?: number
  /** The scripts, where tests replace their clock. Default: those of `buildScripts()`. */
  readonly scripts?: Scripts
  /** Clock in milliseconds that reservations age by, where tests replace it. Default: `performance.now`. */
  readonly now?: () => number
}

interface GroupDecision {
  readonly allowed: boolean
  readonly limits: readonly Limit[]
  readonly receipts: readonly Receipt[]
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
  readonly #runner: RedisRunner
  readonly #scripts: Scripts
  readonly #book: ReservationBook

  constructor(options: RedisStoreOptions) {
    this.#runner = new RedisRunner(options.redis, options.storeTimeout ?? 50)
    this.#scripts = options.scripts ?? buildScripts()
    this.#book = new ReservationBook(options.now ?? (() => performance.now()))
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

  async reserve(charges: readonly Charge[]): Promise<Verdict> {
    checkCosts(charges)
    const endAt = this.#runner.begin()
    const groups = this.#runner.isCluster ? groupByKey(charges) : [charges]
    const decisions: GroupDecision[] = []
    let allowed = true
    try {
      for (const group of groups) {
        const decision = await this.#decide(group, allowed, endAt)
        allowed &&= decision.allowed
        decisions.push(decision)
      }
    } catch (error) {
      await this.#giveBack(decisions, endAt)
      throw error
    }
    if (!allowed) {
      await this.#giveBack(decisions, endAt)
      return { allowed, limits: inOrder(charges, groups, decisions.map(unchargedLimits)) }
    }
    const limits = inOrder(
      charges,
      groups,
      decisions.map((decision) => decision.limits),
    )
    const reservation = this.#book.open(decisions.flatMap((decision) => decision.receipts))
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

  async close(): Promise<void> {
    this.#runner.close()
  }

  async #decide(charges: readonly Charge[], commit: boolean, endAt: number): Promise<GroupDecision> {
    if (charges.length === 0) return { allowed: true, limits: [], receipts: [] }
    const keys = [...new Set(charges.map((charge) => charge.key))]
    const args = charges.flatMap((charge) => chargeArguments(keys.indexOf(charge.key) + 1, charge))
    const reply = await this.#runner.run(
      { script: this.#scripts.reserve(charges), keys, args: [commit ? 1 : 0, ...args] },
      endAt,
    )
    const allowed = reply[0] === 1
    const limits: Limit[] = []
    const receipts: Receipt[] = []
    for (const [index, charge] of charges.entries()) {
      const [wait = 0, remaining = 0, resetMs = 0, ...mark] = reply.slice(2 + index * 6, 8 + index * 6)
      const { policy } = charge
      const retryAfterMs = wait < 0 ? null : wait
      limits.push({ policy, quota: policy.quota, remaining, resetMs, retryAfterMs, violated: wait !== 0 })
      if (allowed && charge.cost > 0) receipts.push({ charge, mark: mark as unknown as Mark })
    }
    return { allowed: limits.every((limit) => !limit.violated), limits, receipts }
  }

  /** Takes back the groups of a call that was refused or failed later on. What can't be reached stays charged. */
  async #giveBack(decisions: readonly GroupDecision[], endAt: number): Promise<void> {
    const refunds = decisions.flatMap(({ receipts }) =>
      receipts.map(({ charge, mark }) => ({ charge, mark, amount: charge.cost })),
    )
    await this.#refund(refunds, endAt).catch(() => undefined)
  }

  async #refund(refunds: readonly Refund[], endAt: number): Promise<void> {
    const keys = [...new Set(refunds.map(({ charge }) => charge.key))]
    const groups = this.#runner.isCluster ? keys.map((key) => [key]) : [keys]
    await Promise.all(
      groups.map(async (group) => {
        const own = refunds.filter(({ charge }) => group.includes(charge.key))
        if (own.length === 0) return
        const args = own.flatMap(({ charge, mark, amount }) =>
          refundArguments(group.indexOf(charge.key) + 1, charge, mark, amount),
        )
        const script = this.#scripts.refund(own.map(({ charge }) => charge))
        await this.#runner.run({ script, keys: group, args }, endAt)
      }),
    )
  }
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
