import { getIntrospectionQuery, parse, type GraphQLSchema } from 'graphql'
import { Annotations } from './annotations.ts'
import { Compilation } from './compile.ts'
import type { CostedComposite, CostedSchema } from './costed.ts'
import { reviewDefinitions } from './departures.ts'
import { InvalidCostModelError } from './errors.ts'
import { evaluate } from './formula/evaluate.ts'
import { Formulas } from './formulas.ts'
import { ListSizes } from './list-size.ts'
import { atLeastZero, checkOptions, operationCosts } from './options.ts'
import { unboundedLists } from './unbounded.ts'
import type { CostModel, CostModelOptions } from './types.ts'

const STANDARD_INTROSPECTION = parse(
  getIntrospectionQuery({
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  }),
  { noLocation: true },
)

/**
 * Compiles a schema's costs, once; the model then prices any number of operations.
 *
 * Costs come from `@cost` and `@listSize` in the schema's text and from `weights`, which win. The rest has the
 * defaults of the IBM GraphQL Cost Directives specification, except that a list of unknown size has
 * `defaultListSize` items and that pagination arguments are recognised by name (see `inferred`).
 *
 * @throws {@link InvalidCostModelError} that lists everything wrong with the options and the schema's directives.
 */
export function createCostModel(schema: GraphQLSchema, options: CostModelOptions = {}): CostModel {
  const annotations = new Annotations(options, schema)
  checkOptions(options, annotations)
  const listSizes = new ListSizes(annotations)
  const { composites, inputs } = new Compilation(schema, annotations, listSizes)
  const costed: CostedSchema = {
    schema,
    composites,
    directives: inputs.directives(schema),
    defaultListSize: atLeastZero('defaultListSize', options.defaultListSize, 10, annotations),
    operationCost: operationCosts(options.operationCost, annotations),
    budget: atLeastZero('budget', options.budget, 50_000, annotations),
    multiplied: [...composites.values()].some(hasMultiplier),
  }
  annotations.reportUnknown(schema)
  if (annotations.problems.length > 0) throw new InvalidCostModelError(annotations.problems)
  return {
    schema,
    inferred: listSizes.inferred,
    unbounded: unboundedLists(composites.values(), listSizes.sized),
    costed,
    departures: [...reviewDefinitions(schema, options.directives ?? {}), ...annotations.departures],
    formulas: new Formulas(costed),
    introspectionUnit: introspectionUnit(costed),
  }
}

const hasMultiplier = ({ possible }: CostedComposite): boolean =>
  possible.some(({ fields }) => [...fields.values()].some(({ multiplier }) => multiplier !== 1))

/** What the standard query costs is the measure of all introspection, so it is known exactly. */
function introspectionUnit(costed: CostedSchema): number {
  const meter = { steps: 0 }
  const formula = new Formulas({ ...costed, budget: Infinity }).of(STANDARD_INTROSPECTION, null, {}, meter)
  evaluate(formula, {}, meter)
  return Math.max(1, formula.registers[formula.meta] ?? 1)
}
