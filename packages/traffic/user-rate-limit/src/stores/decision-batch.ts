import type { Mark } from '../core/algorithms/algorithm.ts'
import type { Receipt } from '../core/decide.ts'
import type { Charge, Limit } from '../core/verdict.ts'
import { StoreUnavailable } from './failures.ts'
import type { RedisRunner } from './redis-runner.ts'
import { ScriptArguments } from './redis-scripts.ts'
import type { Scripts } from './redis-scripts.ts'

/** What Redis said to the charges of one decision, or to those of them that share a slot. */
export interface GroupDecision {
  readonly allowed: boolean
  readonly limits: readonly Limit[]
  readonly receipts: readonly Receipt[]
}

interface Job {
  readonly charges: readonly Charge[]
  readonly commit: boolean
  readonly resolve: (decision: GroupDecision) => void
  readonly reject: (error: unknown) => void
}

/** Most charges of one call: Redis decides them while the next are put together, and is never busy with one for long. */
const LARGEST = 32
/** Numbers that answer one charge: wait, remaining, reset, and three of the mark. */
const ANSWER = 6

/**
 * Sends decisions that are asked for in the same turn of the event loop with one command: under load most of what a
 * decision costs is the command around it. Each is decided on its own, as if it had come alone, by the deadline of the
 * first of them.
 */
export class DecisionBatch {
  readonly #runner: RedisRunner
  readonly #scripts: Scripts
  readonly #onHealed: (keys: number) => void
  #jobs: Job[] = []
  #charges = 0
  #endAt = 0

  /** @param onHealed told how many keys had lost their expiry, and have one again */
  constructor(runner: RedisRunner, scripts: Scripts, onHealed: (keys: number) => void) {
    this.#runner = runner
    this.#scripts = scripts
    this.#onHealed = onHealed
  }

  /**
   * Decides charges, all or nothing.
   *
   * @param commit false to look only
   * @param endAt local moment by which it has to be decided
   */
  async decide(charges: readonly Charge[], commit: boolean, endAt: number): Promise<GroupDecision> {
    return new Promise((resolve, reject) => {
      const alone = this.#runner.isCluster
      if (!alone && this.#jobs.length > 0 && this.#charges + charges.length > LARGEST) this.#flush()
      if (this.#jobs.length === 0) {
        this.#endAt = endAt
        // Keys of a cluster live in different slots, which no command may span.
        if (!alone) setImmediate(() => this.#flush())
      }
      this.#jobs.push({ charges, commit, resolve, reject })
      this.#charges += charges.length
      if (alone) this.#flush()
    })
  }

  #flush(): void {
    const jobs = this.#jobs
    if (jobs.length === 0) return
    const endAt = this.#endAt
    this.#jobs = []
    this.#charges = 0
    const args = new ScriptArguments()
    for (const { charges, commit } of jobs) args.decide(charges, commit)
    const script = this.#scripts.reserve(args.algorithms)
    const call = { script, keys: args.keys, args: args.list, decisions: jobs.length }
    this.#runner.run(call, endAt).then(
      ([, , answers, healed]) => {
        answer(jobs, numbersOf(answers as Buffer))
        if (Number(healed) > 0) this.#onHealed(Number(healed))
      },
      (error: unknown) => {
        for (const job of jobs) job.reject(error)
      },
    )
  }
}

/** The doubles of a reply. They are copied, since it may begin at any byte of what was received. */
function numbersOf({ buffer, byteOffset, length }: Buffer): Float64Array {
  return new Float64Array(buffer.slice(byteOffset, byteOffset + length))
}

function answer(jobs: readonly Job[], answers: Float64Array): void {
  let at = 0
  for (const { charges, resolve, reject } of jobs) {
    const outcome = answers[at] ?? -1
    if (outcome < 0) reject(new StoreUnavailable('script'))
    else resolve(decisionOf(charges, outcome === 1, answers, at + 1))
    at += 1 + charges.length * ANSWER
  }
}

function decisionOf(
  charges: readonly Charge[],
  allowed: boolean,
  reply: Float64Array,
  first: number,
): GroupDecision {
  const limits: Limit[] = []
  const receipts: Receipt[] = []
  let at = first
  for (const charge of charges) {
    const { policy } = charge
    const wait = reply[at] ?? 0
    limits.push({
      policy,
      quota: policy.quota,
      remaining: reply[at + 1] ?? 0,
      resetMs: reply[at + 2] ?? 0,
      retryAfterMs: wait < 0 ? null : wait,
      violated: wait !== 0,
    })
    if (allowed && charge.cost > 0) {
      const mark: Mark = [reply[at + 3] ?? 0, reply[at + 4] ?? 0, reply[at + 5] ?? 0]
      receipts.push({ charge, mark })
    }
    at += ANSWER
  }
  return { allowed, limits, receipts }
}
