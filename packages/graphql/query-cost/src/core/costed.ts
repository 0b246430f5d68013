import type { GraphQLSchema } from 'graphql'
import type { OperationKind } from './types.ts'

/** A schema compiled for pricing: only what an analysis reads, in maps that hostile names cannot confuse. */
export interface CostedSchema {
  readonly schema: GraphQLSchema
  readonly defaultListSize: number
  readonly operationCost: Readonly<Record<OperationKind, number>>
  readonly budget: number
  /** Object, interface and union types by name. */
  readonly composites: ReadonlyMap<string, CostedComposite>
  /** Directives of operations that have a weight or a weighted argument, by name. */
  readonly directives: ReadonlyMap<string, CostedDirective>
  /** True when a field has a multiplier other than 1. */
  readonly multiplied: boolean
}

/** An object, interface or union type. */
export interface CostedComposite {
  readonly name: string
  /** The object types it can be at run time; an object type is its own only one. */
  readonly possible: readonly CostedObject[]
}

/** An object type. */
export interface CostedObject extends CostedComposite {
  /** Weight of one instance, at least 0. */
  readonly weight: number
  readonly fields: ReadonlyMap<string, CostedField>
  /** Names of all types an instance belongs to: itself, its interfaces, its unions. */
  readonly belongsTo: ReadonlySet<string>
}

/** A field of an object type. */
export interface CostedField {
  readonly coordinate: string
  readonly name: string
  /** Weight of one resolver call without its arguments; may be negative. */
  readonly weight: number
  /** Factor of the field and all below it. */
  readonly multiplier: number
  /** The type it returns, or null for a scalar or enum. */
  readonly composite: CostedComposite | null
  /** Weight of one scalar or enum it returns, at least 0; 0 for composite types. */
  readonly leafWeight: number
  /** How many lists are around the type. */
  readonly listDepth: number
  readonly sizings: readonly ListSizing[]
  /** True when one of the sizings is meant for lists below. */
  readonly handsDown: boolean
  /** Arguments that can add to the cost, only those. */
  readonly inputs: readonly CostedInput[]
  /** True for `__schema` and `__type`. */
  readonly introspection: boolean
  /** True when it costs nothing whatever its arguments: it need not be looked at. */
  readonly free: boolean
}

/** One `@listSize`, compiled. */
export interface ListSizing {
  readonly slicing: readonly SlicingPath[]
  readonly assumedSize: number | undefined
  readonly sizedFields: readonly SizedPath[]
  readonly requireOne: boolean
}

/** Where a slicing value is: an argument, or a field inside an input object argument. */
export interface SlicingPath {
  /** As written: `first`, `page.first`. */
  readonly path: string
  /** The argument, then input fields. */
  readonly segments: readonly SlicingSegment[]
  /** The last segment is a list: its length counts, and a single value is a list of one. */
  readonly list: boolean
}

/** A step of a {@link SlicingPath}. */
export interface SlicingSegment {
  readonly name: string
  /** The size that follows from the schema's default when nothing is given here. */
  readonly fallback: number
}

/** A field, perhaps deeper down, that a parent's size is meant for. */
export interface SizedPath {
  readonly name: string
  readonly rest: SizedPath | null
  /** Unique in a schema: part of memo keys. */
  readonly id: number
}

/** An argument or an input field that can add to a field's cost. */
export interface CostedInput {
  readonly name: string
  readonly weight: number
  /** The input object type whose fields are priced too, or null when nothing inside can cost. */
  readonly object: CostedInputObject | null
  /** Cost when nothing is given: that of the schema's default value, or 0. */
  readonly defaultCost: number
}

/** An input object type. */
export interface CostedInputObject {
  readonly name: string
  /** Fields that can add to the cost, only those. */
  readonly fields: ReadonlyMap<string, CostedInput>
}

/** A directive of operations. */
export interface CostedDirective {
  readonly weight: number
  readonly inputs: readonly CostedInput[]
}
