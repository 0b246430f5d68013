import type { DocumentNode, OperationDefinitionNode } from 'graphql'
import { rootOf, type Definitions } from './compile-cost.ts'
import { jointOf, type CostVector } from './cost-vector.ts'
import { estimateCost, introspectionOf, sentWith } from './estimate.ts'
import { ExactAnalysis } from './exact.ts'
import { Attribution, NO_SHARE } from './attribution.ts'
import { Calculator } from './formula/calculator.ts'
import { Draft } from './formula/draft.ts'
import { Operation } from './operation.ts'
import { Trace } from './trace.ts'
import type { CostExplanation, CostModel, CostPart, CostRequest } from './types.ts'

const MEASURES = ['type', 'field', 'meta', 'joint'] as const

/** One operation, analysed with its origins. */
interface Explained {
  readonly root: string
  /** In numbers, the flat cost included. */
  readonly total: Readonly<Record<(typeof MEASURES)[number], number>>
  readonly flat: number
  readonly cost: Readonly<CostVector>
  readonly attribution: Attribution
}

/**
 * Tells what an operation's price is made of: one part for each path of the answer, whose costs add up to the price
 * (exactly, but for the rounding of fractions that are no powers of two and of sums above 2^53). Where the dearest of
 * several types or operations counts, its parts are told; where the budget of the exact analysis does not do, one part.
 * Takes longer than `estimateCost`: it is for people, not for requests. Never throws.
 */
export function explainCost(
  model: CostModel,
  document: DocumentNode,
  request: CostRequest = {},
): CostExplanation {
  const { cost, typeCost, fieldCost, introspectionCost, approximate } = estimateCost(model, document, request)
  const total = { cost, typeCost, fieldCost, introspectionCost, approximate }
  const { operations, fragments } = model.formulas.asked(document, request.operation)
  const explained: Explained[] = []
  for (const definition of operations) {
    const one = explainOne(model, definition, fragments, sentWith(request))
    if (one === 'spent') {
      const { approximate: _, ...costs } = total
      return { ...total, parts: [{ path: '', coordinate: '', size: 1, ...costs }] }
    }
    if (one !== undefined) explained.push(one)
  }
  for (const measure of MEASURES) {
    const dearest = explained.reduce<Explained | undefined>(
      (best, one) => (best === undefined || one.total[measure] > best.total[measure] ? one : best),
      undefined,
    )
    if (dearest !== undefined) attribute(dearest, measure)
  }
  return { ...total, parts: partsOf(model, explained) }
}

function attribute({ attribution, cost, root, flat }: Explained, measure: (typeof MEASURES)[number]): void {
  const place = { path: '', coordinate: root, size: 1 }
  attribution.add(cost, place, { ...NO_SHARE, [measure]: 1 })
  if (measure === 'field' || measure === 'joint') attribution.part(place)[measure] += flat
}

function explainOne(
  { costed }: CostModel,
  definition: OperationDefinitionNode,
  fragments: Definitions['fragments'],
  sent: object,
): Explained | 'spent' | undefined {
  const root = rootOf(costed, definition)
  if (root === undefined) return undefined
  const meter = { steps: 0 }
  const draft = new Draft(sent)
  const trace = new Trace()
  const operation = new Operation(costed, fragments, definition, draft, meter)
  const analysis = new ExactAnalysis(operation, meter, costed.budget, trace)
  const cost = analysis.root(definition.selectionSet, root)
  if (analysis.spent) return 'spent'
  const calculator = new Calculator(draft, sent, meter)
  const flat = costed.operationCost[definition.operation]
  return {
    root: root.name,
    flat,
    cost,
    attribution: new Attribution(trace, calculator),
    total: {
      type: calculator.read(cost.type),
      field: calculator.read(cost.field) + flat,
      meta: calculator.read(cost.meta),
      joint: calculator.read(jointOf(draft.algebra, cost)) + flat,
    },
  }
}

/** The parts that cost something, in the order of the document. */
function partsOf(model: CostModel, explained: readonly Explained[]): readonly CostPart[] {
  const parts: CostPart[] = []
  // Introspection is rounded up as a whole: each part has what it adds to that.
  let units = 0
  for (const { path, coordinate, size, type, field, meta, joint } of explained.flatMap(({ attribution }) =>
    attribution.parts(),
  )) {
    const before = introspectionOf(model, units)
    units += meta
    const introspectionCost = meta === 0 || before === Infinity ? 0 : introspectionOf(model, units) - before
    const cost = joint + introspectionCost
    if (type + field + cost > 0)
      parts.push({ path, coordinate, size, typeCost: type, fieldCost: field, introspectionCost, cost })
  }
  return parts
}
