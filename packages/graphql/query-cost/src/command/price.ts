import { isPlainObject } from '@portcullis/kernel'
import {
  Kind,
  NoUnusedFragmentsRule,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql'
import { problemError } from '../check-cost.ts'
import { formulaText, variablesOf } from '../core/formula/print.ts'
import { estimateCost } from '../core/index.ts'
import type { CostModel } from '../core/index.ts'
import { didYouMean } from '../core/nearest.ts'
import { placeholders, stateOf, type VariableState } from './assumed.ts'
import type { PersistedDocument } from './documents.ts'
import { CommandError } from './files.ts'

/** Something for which an operation does not pass. */
export interface Fault {
  /** The code with which the gate would refuse it, or `INVALID_DOCUMENT`, `VARIABLES_NEEDED`, `COST_RISEN`. */
  readonly code: string
  readonly message: string
}

/** The price of one operation of a document. */
export interface PricedOperation {
  /** Path below the folder, or the hash. */
  readonly document: string
  /** Name of the operation, or null. */
  readonly operation: string | null
  /** Resolver calls and objects together, introspection included; null where nothing bounds it or a variable is needed first. */
  readonly cost: number | null
  readonly fieldCost: number | null
  readonly typeCost: number | null
  readonly introspectionCost: number | null
  /** True where the document is so large that a coarser bound was used. */
  readonly approximate: boolean
  /** Field and type cost over the variables, such as `2 + 3·$first`; null where no variable matters. */
  readonly formula: string | null
  /** The variables that matter, and what was assumed of each. */
  readonly variables: Readonly<Record<string, VariableState>>
  readonly faults: readonly Fault[]
}

/** An operation's name and document, for people. */
export const nameOf = ({ document, operation }: Pick<PricedOperation, 'document' | 'operation'>): string =>
  operation === null ? document : `${operation} (${document})`

/** Variables by operation or document; under `*`, those of all. */
export type VariablesByName = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** @throws {@link CommandError} where the file holds something else */
export function variablesIn(json: unknown): VariablesByName {
  if (isVariablesByName(json)) return json
  throw new CommandError(
    'the file of variables takes an object of objects: { "*": { "first": 10 }, "Feed": { "first": 50 } }',
  )
}

const isVariablesByName = (json: unknown): json is VariablesByName =>
  isPlainObject(json) && Object.values(json).every(isPlainObject)

// A file may define fragments that only others use.
const RULES = specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule)

/**
 * Prices each operation of some documents. A document that is not valid for the schema has one entry, without a price.
 *
 * @throws {@link CommandError} where there are variables for an operation that does not exist
 */
export function priceDocuments(
  model: CostModel,
  documents: readonly PersistedDocument[],
  variables: VariablesByName,
): readonly PricedOperation[] {
  const priced = documents.flatMap(({ id, document, fault }) => {
    if (document === undefined) return [invalid(id, fault ?? '')]
    const wrong = whatIsWrong(model.schema, document)
    if (wrong !== undefined) return [invalid(id, wrong)]
    return operationsOf(document).map((operation) =>
      priceOperation(model, id, document, operation, variables),
    )
  })
  const names = new Set([
    '*',
    ...priced.flatMap(({ document, operation }) => [document, operation ?? document]),
  ])
  for (const name of Object.keys(variables)) {
    if (names.has(name)) continue
    throw new CommandError(
      `there are variables for "${name}", which is no operation${didYouMean(name, names)}`,
    )
  }
  return priced
}

/** Validation calls itself for each level of a document: one that is nested too deep is wrong too. */
function whatIsWrong(schema: GraphQLSchema, document: DocumentNode): string | undefined {
  try {
    return validate(schema, document, RULES)[0]?.message
  } catch (error) {
    return (error as Error).message
  }
}

const operationsOf = ({ definitions }: DocumentNode): OperationDefinitionNode[] =>
  definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)

function invalid(document: string, message: string): PricedOperation {
  return {
    document,
    operation: null,
    cost: null,
    fieldCost: null,
    typeCost: null,
    introspectionCost: null,
    approximate: false,
    formula: null,
    variables: {},
    faults: [{ code: 'INVALID_DOCUMENT', message }],
  }
}

function priceOperation(
  model: CostModel,
  id: string,
  document: DocumentNode,
  definition: OperationDefinitionNode,
  variables: VariablesByName,
): PricedOperation {
  const operation = definition.name?.value ?? null
  const given = { ...variables['*'], ...variables[id], ...(operation === null ? {} : variables[operation]) }
  const sent = { ...placeholders(definition), ...given }
  const estimate = estimateCost(model, document, { operation: definition, variables: sent })
  const formula = model.formulas.of(document, definition, sent, { steps: 0 })
  const states = stateOf(variablesOf(formula), definition, given)
  const needed = Object.keys(states).filter((name) => states[name] === 'needed')
  const cost = (part: number): number | null => (needed.length > 0 || !Number.isFinite(part) ? null : part)
  const required = new Set(Object.keys(placeholders(definition)))
  return {
    document: id,
    operation,
    cost: cost(estimate.cost),
    fieldCost: cost(estimate.fieldCost),
    typeCost: cost(estimate.typeCost),
    introspectionCost: cost(estimate.introspectionCost),
    approximate: estimate.approximate,
    formula:
      Object.keys(states).length === 0
        ? null
        : (formulaText(formula, ({ name }) => required.has(name)) ?? null),
    variables: states,
    faults: needed.length > 0 ? [missing(needed)] : estimate.problems.map(refused),
  }
}

function missing(names: readonly string[]): Fault {
  const list = names.map((name) => `$${name}`).join(', ')
  return { code: 'VARIABLES_NEEDED', message: `give ${list} in --variables, for the operation or under "*"` }
}

function refused(problem: Parameters<typeof problemError>[0]): Fault {
  const { code, message } = problemError(problem)
  return { code, message }
}
