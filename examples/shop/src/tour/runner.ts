import type { Gate } from '../gates.ts'
import type { Backstage } from './backstage.ts'
import type { Answer, Client } from './client.ts'
import type { Step } from './step.ts'
import { timelineOf } from './timeline.ts'

/** What became of one step. */
export interface Result {
  readonly step: Step
  readonly answers: readonly Answer[]
  /** Why there are no answers: the connection broke or nothing came in time. */
  readonly failure: string | null
  /** True where the step went as it declares. */
  readonly asDeclared: boolean
  /** From sending the first request to the last answer. */
  readonly milliseconds: number
  /** What the sender got to see, where the step tells; null where status and code do. */
  readonly shown: string | null
  /** What the trail tells of the request that decides; null where there is none. */
  readonly timeline: string | null
}

/** One step with every gate and without some. */
export interface Comparison {
  readonly step: Step
  readonly complete: Result
  readonly reduced: Result
  /** True where statuses or codes differ, or what was declared holds in one of them alone. */
  readonly changed: boolean
  /** True where the step went as declared with every gate, and without gates did what its declaration implies. */
  readonly asDeclared: boolean
}

/** Takes the steps in their order, one after the other; a step that fails does not stop the tour. */
export async function runTour(
  steps: readonly Step[],
  client: Client,
  backstage: Backstage,
  onResult: (result: Result, index: number) => void = () => {},
): Promise<Result[]> {
  const results: Result[] = []
  for (const step of steps) {
    const result = await runStep(step, client, backstage)
    results.push(result)
    onResult(result, results.length - 1)
  }
  return results
}

/** Puts the results of one step beside each other: with every gate, and without those that are `missing`. */
export function compare(complete: Result, reduced: Result, missing: ReadonlySet<Gate>): Comparison {
  const { step } = complete
  const changed = signature(complete) !== signature(reduced) || complete.asDeclared !== reduced.asDeclared
  const decided = step.provenBy.some((gate) => missing.has(gate))
  // What no missing gate decides may change or not; what is honest has to pass either way.
  const holds = step.kind === 'honest' ? reduced.asDeclared : changed || !decided
  return { step, complete, reduced, changed, asDeclared: complete.asDeclared && holds }
}

/** The answer that tells the outcome: the first refusal, or else the last answer. */
export function decisive({ answers }: Pick<Result, 'answers'>): Answer | undefined {
  return answers.find((answer) => answer.status >= 400 && gateOf(answer.code) !== null) ?? answers.at(-1)
}

/** Which gate decided a step, as far as the answers tell; null where the shop or its engine did. */
export function decidedBy(result: Result): string | null {
  const { step, asDeclared } = result
  return gateOf(decisive(result)?.code ?? null) ?? (asDeclared ? (step.provenBy[0] ?? null) : null)
}

/** Which gate a code belongs to; null where the shop or its engine answered. */
export function gateOf(code: string | null): string | null {
  return code === null ? null : (GATE_BY_CODE.get(code) ?? null)
}

const GATE_BY_CODE: ReadonlyMap<string, string> = new Map([
  ['MAX_DEPTH_EXCEEDED', 'depth-limit'],
  ['MAX_ALIASES_EXCEEDED', 'depth-limit'],
  ['MAX_ROOT_FIELDS_EXCEEDED', 'depth-limit'],
  ['MAX_DIRECTIVES_EXCEEDED', 'depth-limit'],
  ['AST_NOT_ALLOWED', 'graphql-gate'],
  ['MAX_TOKENS_EXCEEDED', 'graphql-gate'],
  ['MAX_BATCH_EXCEEDED', 'graphql-gate'],
  ['QUERY_TOO_EXPENSIVE', 'query-cost'],
  ['USER_RATE_LIMIT_EXCEEDED', 'user-rate-limit'],
  ['TRAIL_EDITED', 'audit-logger'],
])

/** Status and code of all answers, each counted; "20 × 200, 40 × 429 USER_RATE_LIMIT_EXCEEDED". */
export function tally({ answers }: Result): string {
  const counts = new Map<string, number>()
  for (const { status, code } of answers) {
    const label = `${status}${code === null ? '' : ` ${code}`}`
    counts.set(label, (counts.get(label) ?? 0) + 1)
  }
  return [...counts].map(([label, count]) => `${count} × ${label}`).join(', ')
}

const nothing = { answers: [], asDeclared: false, shown: null, timeline: null } as const

async function runStep(step: Step, client: Client, backstage: Backstage): Promise<Result> {
  const begin = performance.now()
  const answers = await step.send(client, backstage).catch((error: unknown) => describe(error))
  const milliseconds = performance.now() - begin
  if (typeof answers === 'string') return { ...nothing, step, failure: answers, milliseconds }
  const { requestId = null } = decisive({ answers }) ?? {}
  const timeline = requestId === null ? null : timelineOf(await backstage.records(requestId))
  const shown = step.shows?.(answers) ?? null
  return { step, answers, failure: null, asDeclared: step.expect(answers), milliseconds, shown, timeline }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** Which statuses and codes were seen. How many of each depends on timing, so that it does not count as a change. */
function signature({ answers, failure }: Result): string {
  return failure ?? [...new Set(answers.map(({ status, code }) => `${status} ${code}`))].toSorted().join()
}
