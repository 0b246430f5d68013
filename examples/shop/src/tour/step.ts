import type { Gate } from '../gates.ts'
import type { Backstage } from './backstage.ts'
import type { Answer, Client } from './client.ts'

/** One thing the tour tries. */
export interface Step {
  /** What is sent, in at most 28 characters. */
  readonly name: string
  /** An honest step has to pass, a hostile one to do no harm. */
  readonly kind: 'honest' | 'hostile'
  /** Gates that decide the outcome: without one of them it has to be another. */
  readonly provenBy: readonly Gate[]
  /**
   * Sends one or more real requests and returns the answers in the order of sending; those that ask what was logged or
   * recorded put it into the answer's body.
   */
  send(client: Client, backstage: Backstage): Promise<readonly Answer[]>
  /** True where the answers are what the step declares. */
  expect(answers: readonly Answer[]): boolean
  /** What the sender got to see, in at most 22 characters, where status and code do not tell. */
  shows?(answers: readonly Answer[]): string
}

/** All answers have this status and no code. */
export function allPass(answers: readonly Answer[]): boolean {
  return answers.length > 0 && answers.every(({ status, code }) => status === 200 && code === null)
}

/** The only answer is a refusal of this status with one of these codes. */
export function refusedWith(
  status: number,
  ...codes: readonly string[]
): (answers: readonly Answer[]) => boolean {
  const refused = allRefusedWith(status, ...codes)
  return (answers) => answers.length === 1 && refused(answers)
}

/** Every answer, and there is one, is a refusal of this status with one of these codes. */
export function allRefusedWith(
  status: number,
  ...codes: readonly string[]
): (answers: readonly Answer[]) => boolean {
  return (answers) =>
    answers.length > 0 &&
    answers.every((answer) => answer.status === status && codes.includes(answer.code ?? ''))
}

/** Answers of one status first, at least one; then refusals of another status and code, at least one. */
export function limitedAfter(
  passing: number,
  refusal: { status: number; code: string },
): (answers: readonly Answer[]) => boolean {
  return (answers) => {
    const passed = answers.filter((answer) => answer.status === passing)
    const refused = answers.filter(
      (answer) => answer.status === refusal.status && answer.code === refusal.code,
    )
    return passed.length > 0 && refused.length > 0 && passed.length + refused.length === answers.length
  }
}
