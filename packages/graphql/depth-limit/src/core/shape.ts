import type { FragmentDefinitionNode } from 'graphql'

/** What an operation measures, through its fragments. Counts saturate at 2^53. */
export interface Shape {
  /** Levels of fields: a root field is level 1, fragments add none. Introspection is not in it. */
  readonly depth: number
  /** Lists within lists, by the schema: `users { orders { id } }` is 2 where both are lists. 0 without a schema. */
  readonly listDepth: number
  /**
   * How often one field stands on one path, by the schema: `user { friends { friends } }` is 2. A field of an interface
   * and the same field of the types that implement it are one field. 0 without a schema.
   */
  readonly selfReferentialDepth: number
  /** Levels of fields below and including `__schema` or `__type`. */
  readonly introspectionDepth: number
  /** Lists within lists below `__schema` or `__type`. */
  readonly introspectionListDepth: number
  /** Fields that are given another name, once for each selection set they are spread into. */
  readonly aliases: number
  /** Different response names at the root. */
  readonly rootFields: number
  /** Directives on operations, fields, spreads and inline fragments, once for each selection set they are spread into. */
  readonly directives: number
  /** Fields, once for each selection set they are spread into. */
  readonly selections: number
  /** Fragments that the document defines. */
  readonly fragments: number
}

/** The operation spreads a fragment into itself, so nothing can be measured. */
export type CyclicFragments = 'cycle'

/** The fragments of a document, by name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/** A sum that does not grow past what a number holds exactly. */
export const add = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER)
