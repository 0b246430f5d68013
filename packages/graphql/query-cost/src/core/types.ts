import type { FieldNode, GraphQLSchema, OperationDefinitionNode, OperationTypeNode } from 'graphql'
import type { CostedSchema } from './costed.ts'
import type { CostModelProblem } from './errors.ts'
import type { Formulas } from './formulas.ts'

/**
 * A schema coordinate: `Type`, `Type.field`, `Type.field(argument:)`, `Input.field`, `@directive` or
 * `@directive(argument:)`, as in the GraphQL specification's schema coordinates.
 */
export type Coordinate = string

/** The four arguments of `@listSize` (IBM GraphQL Cost Directives, section 8). */
export interface ListSizeSettings {
  /** The most items the list ever has, when no slicing argument says otherwise. A whole number, at least 0. */
  assumedSize?: number
  /**
   * Arguments that set the size: `first`, or a path into an input object (`page.first`). A list argument counts
   * its entries. The largest one given wins, and each wins over `assumedSize`.
   */
  slicingArguments?: readonly string[]
  /** Fields of the returned type that the size is meant for (`edges`, or a path such as `page.items`). */
  sizedFields?: readonly string[]
  /**
   * Exactly one slicing argument has to be given. Default: true when there are slicing arguments and no
   * `assumedSize`. (Section 9.2.4 of the specification forbids `true` beside an `assumedSize`.)
   */
  requireOneSlicingArgument?: boolean
}

/** What `weights` says of one coordinate. */
export interface WeightSettings {
  /** The coordinate's own cost, as `@cost(weight:)`; may be negative, a field never costs less than 0. */
  cost?: number
  /** Fields only: multiplies the field and everything below it. At least 0, default 1. */
  multiplier?: number
  /** Fields only: as `@listSize`; a number is short for `{ assumedSize }`. */
  listSize?: ListSizeSettings | number
}

/** Names of the directives that carry costs in the schema. */
export interface CostDirectiveNames {
  /** Default: as the schema imports it with `@link` from Apollo's specifications, else `cost`. */
  cost?: string
  /** Default: as the schema imports it, else `listSize`. */
  listSize?: string
}

/** `query`, `mutation` or `subscription`. */
export type OperationKind = `${OperationTypeNode}`

/** Options of {@link createCostModel}. */
export interface CostModelOptions {
  /** Size of a list that nothing else bounds. Default 10; `Infinity` refuses every such list. */
  defaultListSize?: number
  /** Costs by coordinate; they win over directives in the schema. A number is short for `{ cost }`. */
  weights?: Readonly<Record<Coordinate, number | WeightSettings>>
  /** Flat cost added to each operation of a kind. Default 0 for all three. */
  operationCost?: Readonly<Partial<Record<OperationKind, number>>>
  /** Names of the directives to read. */
  directives?: CostDirectiveNames
  /**
   * Steps (selections looked at) that one exact analysis may take before the coarser upper bound is used.
   * Default 50,000.
   */
  budget?: number
}

/** A list size taken from a naming convention, because neither `@listSize` nor `weights` says anything. */
export interface InferredListSize {
  /** The field, `Type.field`. */
  readonly coordinate: Coordinate
  /** Arguments taken for slicing arguments: those named `first`, `last` or `limit` that hold a number. */
  readonly slicingArguments: readonly string[]
  /** `edges` and `nodes` where the field returns a connection; empty where it returns a list. */
  readonly sizedFields: readonly string[]
}

/** A schema with its costs, made once by {@link createCostModel} and used for every operation. */
export interface CostModel {
  /** The schema the model was made from. */
  readonly schema: GraphQLSchema
  /** List sizes that were inferred from names: worth a review. */
  readonly inferred: readonly InferredListSize[]
  /** Lists that only `defaultListSize` bounds, `Type.field`: annotate those that are longer. */
  readonly unbounded: readonly Coordinate[]
  /**
   * Where the schema can be used, but departs from the specification's rules of validation (section 9): worth a mend,
   * because other tools read it differently.
   */
  readonly departures: readonly CostModelProblem[]
  /** The compiled costs. */
  readonly costed: CostedSchema
  /** The compiled operations, by document. */
  readonly formulas: Formulas
  /** Raw work of the standard introspection query in this schema, the measure of `introspectionCost`. */
  readonly introspectionUnit: number
}

/** Which operation of a document is priced, and with which variables. */
export interface CostRequest {
  /**
   * The operation, or its name. When it is absent or unknown and the document has several, the dearest of
   * all counts.
   */
  operation?: OperationDefinitionNode | string | null
  /** The client's variables as received, not coerced. */
  variables?: Readonly<Record<string, unknown>> | null
}

/** What was wrong with the sizes an operation asks for. */
export type CostProblemCode =
  | 'missing-slicing-argument'
  | 'several-slicing-arguments'
  | 'invalid-slicing-value'

/** A size that cannot be accepted; never holds a value the client sent. */
export interface CostProblem {
  readonly code: CostProblemCode
  /** The field, `Type.field`. */
  readonly coordinate: Coordinate
  /** Slicing arguments concerned. */
  readonly slicingArguments: readonly string[]
  /** One place in the document where it happens. */
  readonly node: FieldNode
}

/** The price of an operation: an upper bound of what its execution can cost, whatever the data. */
export interface CostEstimate {
  /**
   * Resolver calls and objects together, introspection included; `Infinity` when nothing finite bounds it, never NaN.
   * `fieldCost + typeCost + introspectionCost`, or less: where one of several types has the most objects and another the
   * most calls, and where one of several operations, it is that of the dearest one.
   */
  readonly cost: number
  /** Weights of all objects, scalars and enums the response can hold, the root object included. */
  readonly typeCost: number
  /** Weights of all resolver calls, with their arguments and directives, and the operation's flat cost. */
  readonly fieldCost: number
  /**
   * Work asked from `__schema` and `__type`, as a share of the standard introspection query, which costs
   * {@link STANDARD_INTROSPECTION_COST} on every schema. 0 when the operation has none.
   */
  readonly introspectionCost: number
  /** True when a budget was spent and a coarser, still sound, upper bound is given. */
  readonly approximate: boolean
  /** Unacceptable sizes, one per field and kind; the caller refuses the operation. */
  readonly problems: readonly CostProblem[]
  /**
   * Selections, input values and instructions of the formula looked at, for growth tests and reports. Many when the
   * operation is seen first, few when its formula is known.
   */
  readonly steps: number
}

/** What executing an operation cost, counted from its answer. */
export interface ActualCost {
  /** `fieldCost + typeCost + introspectionCost`, or less where it is approximate: see {@link CostEstimate}. */
  readonly cost: number
  /** Weights of all objects, scalars and enums that the answer holds, the root object included. */
  readonly typeCost: number
  /** Weights of all resolver calls that the answer shows, and the operation's flat cost. */
  readonly fieldCost: number
  /** Introspection, measured as in {@link CostEstimate}. */
  readonly introspectionCost: number
  /** True when the answer does not tell the types of all its objects: the dearest that fit were counted. */
  readonly approximate: boolean
}

/** What one path of the answer adds to the price of an operation. */
export interface CostPart {
  /** Response names from the root on: `users.orders`. Empty for the operation itself. */
  readonly path: string
  /** The field, `Type.field`; the root type for the operation itself. */
  readonly coordinate: Coordinate
  /** How many values one call of the field can return. */
  readonly size: number
  /** Weights of all values that the path can return. */
  readonly typeCost: number
  /** Weights of all calls of the path's resolver. */
  readonly fieldCost: number
  /** Introspection asked for here. */
  readonly introspectionCost: number
  /** What it adds to the `cost` of the operation: the dearest type may be another one than for each of the others. */
  readonly cost: number
}

/** A price with the parts that it is made of. */
export interface CostExplanation extends Omit<CostEstimate, 'problems' | 'steps'> {
  /** Parts that cost something, in the order of the document. Their costs add up to the price. */
  readonly parts: readonly CostPart[]
}
