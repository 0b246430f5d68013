import type { Verdict } from './judge.ts'

/** Whether a resource is in a scope; `undefined` where that cannot be told. */
export type InScope = boolean | undefined

function isPromise(value: unknown): value is PromiseLike<InScope> {
  return typeof value === 'object' && value !== null && 'then' in value
}

/** Finds the first scope for which `stops`; asks no further ones. Stays synchronous where the answers are. */
function some(
  scopes: readonly string[],
  holds: (scope: string) => InScope | PromiseLike<InScope>,
  stops: (answer: InScope) => boolean,
  from = 0,
): boolean | Promise<boolean> {
  for (let index = from; index < scopes.length; index++) {
    const answer = holds(scopes[index] as string)
    if (isPromise(answer)) {
      return Promise.resolve(answer).then(
        (settled) => stops(settled) || some(scopes, holds, stops, index + 1),
      )
    }
    if (stops(answer)) return true
  }
  return false
}

/**
 * Settles a verdict over one resource. What cannot be told allows nothing and lifts no denial.
 *
 * @param holds tells whether the resource is in a scope
 */
export function settle(
  { outcome, when, unless }: Verdict,
  holds: (scope: string) => InScope | PromiseLike<InScope>,
): boolean | Promise<boolean> {
  if (outcome !== 'depends') return outcome === 'allow'
  const allowed = (): boolean | Promise<boolean> =>
    when.length === 0 || some(when, holds, (answer) => answer === true)
  const denied = some(unless, holds, (answer) => answer !== false)
  return typeof denied === 'boolean' ? !denied && allowed() : denied.then((is) => !is && allowed())
}
