import type { DocumentNode, OperationDefinitionNode, SelectionSetNode } from 'graphql'
import { compileCost, definitionsOf, type Definitions } from './compile-cost.ts'
import type { CostedSchema } from './costed.ts'
import { bytesOf, holds, type Formula } from './formula/formula.ts'
import type { Meter } from './meter.ts'
import type { CostRequest } from './types.ts'

/** Formulas kept for one document: one for each operation that is asked for and each choice of its booleans. */
const MOST_FORMULAS = 32

/** What the formulas of one document may take in any case. */
const FREE_BYTES = 4096

/**
 * What they may take for each selection of the document: no more than the selection's own part of the document's
 * tree, so that whoever bounds the trees in memory bounds the formulas too.
 */
const BYTES_PER_SELECTION = 256

/** One operation, or all that may be meant: the key of a formula within its document. */
type Asked = OperationDefinitionNode | readonly OperationDefinitionNode[]

interface Known {
  readonly asked: Asked
  readonly formula: Formula
  readonly bytes: number
}

interface KnownDocument extends Definitions {
  /** The operations by name, found when one is first asked for by name. */
  named: Map<string, OperationDefinitionNode[]> | null
  /** Most bytes its formulas may take together; counted when it first matters. */
  allowed: number
  bytes: number
  readonly formulas: Known[]
}

/** The formulas of one schema's documents. They live as long as the documents, which must not be changed. */
export class Formulas {
  readonly #costed: CostedSchema
  readonly #documents = new WeakMap<DocumentNode, KnownDocument>()

  constructor(costed: CostedSchema) {
    this.#costed = costed
  }

  /** The formula of an operation, compiled now unless one that holds is known. */
  of(document: DocumentNode, operation: CostRequest['operation'], sent: object, meter: Meter): Formula {
    const known = this.#read(document)
    const asked = askedOf(known, operation)
    for (const one of known.formulas) {
      if (one.asked === asked && holds(one.formula, sent)) return one.formula
    }
    const operations = isOne(asked) ? [asked] : asked
    const formula = compileCost(this.#costed, operations, known.fragments, sent, meter)
    keep(known, { asked, formula, bytes: bytesOf(formula) })
    return formula
  }

  /** The operations that are meant, with the fragments of their document. */
  asked(document: DocumentNode, operation: CostRequest['operation']): Definitions {
    const known = this.#read(document)
    const asked = askedOf(known, operation)
    return { operations: isOne(asked) ? [asked] : asked, fragments: known.fragments }
  }

  #read(document: DocumentNode): KnownDocument {
    let known = this.#documents.get(document)
    if (known === undefined) this.#documents.set(document, (known = read(document)))
    return known
  }
}

const isOne = (asked: Asked): asked is OperationDefinitionNode => !Array.isArray(asked)

function read(document: DocumentNode): KnownDocument {
  const { operations, fragments } = definitionsOf(document)
  return { operations, fragments, named: null, allowed: FREE_BYTES, bytes: 0, formulas: [] }
}

/** The operation that is executed, or all where that is not known. */
function askedOf(known: KnownDocument, operation: CostRequest['operation']): Asked {
  if (typeof operation === 'object' && operation !== null) return operation
  let asked = known.operations
  if (typeof operation === 'string') {
    known.named ??= byName(known.operations)
    asked = known.named.get(operation) ?? asked
  }
  return asked.length === 1 ? (asked[0] ?? asked) : asked
}

function byName(operations: readonly OperationDefinitionNode[]): Map<string, OperationDefinitionNode[]> {
  const named = new Map<string, OperationDefinitionNode[]>()
  for (const operation of operations) {
    const name = operation.name?.value
    if (name === undefined) continue
    const same = named.get(name)
    if (same === undefined) named.set(name, [operation])
    else same.push(operation)
  }
  return named
}

/** Keeps a formula, in place of the oldest ones where there is no room. */
function keep(known: KnownDocument, one: Known): void {
  if (known.bytes + one.bytes > known.allowed && known.allowed === FREE_BYTES) {
    known.allowed = Math.max(FREE_BYTES, BYTES_PER_SELECTION * selectionsOf(known))
  }
  if (one.bytes > known.allowed) return
  known.formulas.push(one)
  known.bytes += one.bytes
  while (known.bytes > known.allowed || known.formulas.length > MOST_FORMULAS) {
    known.bytes -= known.formulas.shift()?.bytes ?? 0
  }
}

/** How many selections a document has, each counted once. */
function selectionsOf({ operations, fragments }: Definitions): number {
  let count = 0
  const pending: SelectionSetNode[] = [...operations, ...fragments.values()].map(
    ({ selectionSet }) => selectionSet,
  )
  for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
    count += set.selections.length
    for (const selection of set.selections) {
      if ('selectionSet' in selection && selection.selectionSet) pending.push(selection.selectionSet)
    }
  }
  return count
}
