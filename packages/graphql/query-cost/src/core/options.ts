import type { Annotations } from './annotations.ts'
import { didYouMean } from './nearest.ts'
import type { CostModelOptions, OperationKind } from './types.ts'

const OPTIONS = [
  'defaultListSize',
  'weights',
  'operationCost',
  'directives',
  'budget',
] satisfies (keyof CostModelOptions)[]
const OPERATIONS = ['query', 'mutation', 'subscription']
const DIRECTIVES = ['cost', 'listSize']

/** Reports options, kinds of operation and kinds of directive that do not exist, and values of a wrong kind. */
export function checkOptions(options: CostModelOptions, annotations: Annotations): void {
  checkKeys('', options, OPTIONS, annotations)
  checkKeys('operationCost.', options.operationCost ?? {}, OPERATIONS, annotations)
  checkKeys('directives.', options.directives ?? {}, DIRECTIVES, annotations)
  for (const [kind, name] of Object.entries(options.directives ?? {})) {
    if (typeof name !== 'string' || name === '')
      annotations.report(`directives.${kind}`, 'takes the name of a directive')
  }
}

/** A number option of at least 0, Infinity included; reports anything else. */
export function atLeastZero(
  option: string,
  value: unknown,
  fallback: number,
  annotations: Annotations,
): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && value >= 0) return value
  annotations.report(
    option,
    `takes a number of at least 0, got ${typeof value === 'number' ? value : typeof value}`,
  )
  return fallback
}

/** The flat cost of each kind of operation, default 0. */
export function operationCosts(
  costs: CostModelOptions['operationCost'],
  annotations: Annotations,
): Readonly<Record<OperationKind, number>> {
  const cost = (kind: OperationKind): number =>
    atLeastZero(`operationCost.${kind}`, costs?.[kind], 0, annotations)
  return { query: cost('query'), mutation: cost('mutation'), subscription: cost('subscription') }
}

function checkKeys(prefix: string, given: object, known: readonly string[], annotations: Annotations): void {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) annotations.report(`${prefix}${key}`, `is no option${didYouMean(key, known)}`)
  }
}
