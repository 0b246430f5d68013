import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  isScalarType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLOutputType,
} from 'graphql'
import type { Annotations } from './annotations.ts'
import type { ListSizing, SizedPath, SlicingPath, SlicingSegment } from './costed.ts'
import { reviewListSize } from './departures.ts'
import { didYouMean } from './nearest.ts'
import { schemaDefault } from './schema-default.ts'
import type { InferredListSize, ListSizeSettings } from './types.ts'
import { ABSENT, NO_SIZE, ownProperty, sizeOf } from './values.ts'

type OutputField = GraphQLField<unknown, unknown>
type Input = GraphQLArgument | GraphQLInputField

const SLICING_NAMES = ['first', 'last', 'limit']
const CONNECTION_FIELDS = ['edges', 'nodes']
const NOT_NUMBERS = new Set(['String', 'Boolean', 'ID'])

/** How many lists are around a type. */
export function listDepth(type: GraphQLOutputType): number {
  const nullable = getNullableType(type)
  return isListType(nullable) ? 1 + listDepth(nullable.ofType) : 0
}

const isList = (type: Input['type']): boolean => isListType(getNullableType(type))

const fieldsOf = (type: GraphQLOutputType): Readonly<Record<string, OutputField>> => {
  const named = getNamedType(type)
  return isObjectType(named) || isInterfaceType(named) ? named.getFields() : {}
}

/** Compiles `@listSize` settings of fields, and infers them by convention where there are none. */
export class ListSizes {
  readonly inferred: InferredListSize[] = []
  /** Coordinates of the lists that `sizedFields` lead to. */
  readonly sized = new Set<string>()
  readonly #annotations: Annotations
  #nextId = 0

  constructor(annotations: Annotations) {
    this.#annotations = annotations
  }

  /** The settings of one field, compiled; what is wrong with them is reported, and reviewed where the schema says so. */
  compile(
    coordinate: string,
    field: OutputField,
    settings: ListSizeSettings,
    review = false,
  ): ListSizing | undefined {
    const before = this.#annotations.problems.length
    const slicing = (settings.slicingArguments ?? []).flatMap(
      (path) => this.#slicing(coordinate, field, path) ?? [],
    )
    const sizedFields = (settings.sizedFields ?? []).flatMap(
      (path) => this.#sized(coordinate, field, path) ?? [],
    )
    if (listDepth(field.type) === 0 && (settings.sizedFields ?? []).length === 0) {
      this.#annotations.report(
        coordinate,
        'has a list size, but returns no list; name the lists below it in sizedFields',
      )
    }
    if (this.#annotations.problems.length > before) return undefined
    const requireOne = settings.requireOneSlicingArgument ?? settings.assumedSize === undefined
    const sizing = {
      slicing,
      assumedSize: settings.assumedSize,
      sizedFields,
      requireOne: slicing.length > 0 && requireOne,
    }
    for (const message of review ? reviewListSize(field, settings, sizing) : [])
      this.#annotations.departures.push({ coordinate, message })
    return sizing
  }

  /** Settings that follow from the names of pagination arguments, or undefined where the convention is not met. */
  infer(coordinate: string, field: OutputField): ListSizing | undefined {
    const slicingArguments = field.args
      .filter(
        (argument) =>
          SLICING_NAMES.includes(argument.name) && !isList(argument.type) && holdsNumber(argument),
      )
      .map((argument) => argument.name)
    if (slicingArguments.length === 0) return undefined
    const below = fieldsOf(field.type)
    const sizedFields = CONNECTION_FIELDS.filter((name) => below[name] && listDepth(below[name].type) > 0)
    const plainList = listDepth(field.type) > 0
    if (!plainList && sizedFields.length === 0) return undefined
    const settings = { slicingArguments, sizedFields: plainList ? [] : sizedFields }
    this.inferred.push({ coordinate, ...settings })
    return this.compile(coordinate, field, { ...settings, requireOneSlicingArgument: false })
  }

  #slicing(coordinate: string, field: OutputField, path: string): SlicingPath | undefined {
    const names = path.split('.')
    const inputs: Input[] = []
    for (const name of names) {
      const known: readonly Input[] = inputs.length === 0 ? field.args : inputFieldsOf(inputs.at(-1))
      const input = known.find((candidate) => candidate.name === name)
      if (input === undefined) {
        const hint = didYouMean(
          name,
          known.map((candidate) => candidate.name),
        )
        this.#annotations.report(coordinate, `has no slicing argument "${path}"${hint}`)
        return undefined
      }
      inputs.push(input)
    }
    const last = inputs.at(-1)
    if (last === undefined) return undefined
    const list = isList(last.type)
    if (!list && !holdsNumber(last)) {
      this.#annotations.report(coordinate, `slicing argument "${path}" is neither a number nor a list`)
      return undefined
    }
    const segments = inputs.map((input, index): SlicingSegment => {
      return { name: input.name, fallback: defaultSize(input, names.slice(index + 1), list) }
    })
    return { path, segments, list }
  }

  #sized(coordinate: string, field: OutputField, path: string): SizedPath | undefined {
    const names = path.split('.')
    let type = field.type
    let owner = ''
    for (const name of names) {
      const known = fieldsOf(type)
      const next = Object.hasOwn(known, name) ? known[name] : undefined
      if (next === undefined) {
        this.#annotations.report(
          coordinate,
          `has no sized field "${path}"${didYouMean(name, Object.keys(known))}`,
        )
        return undefined
      }
      owner = getNamedType(type).name
      type = next.type
    }
    if (listDepth(type) === 0) {
      this.#annotations.report(coordinate, `sized field "${path}" returns no list`)
      return undefined
    }
    this.sized.add(`${owner}.${names.at(-1) ?? ''}`)
    return names.reduceRight<SizedPath | undefined>(
      (rest, name) => ({ name, rest: rest ?? null, id: this.#nextId++ }),
      undefined,
    )
  }
}

/** The fields of an input object; a list of them has none, since its entries would disagree. */
function inputFieldsOf(input: Input | undefined): readonly GraphQLInputField[] {
  const type = input && getNullableType(input.type)
  return isInputObjectType(type) ? Object.values(type.getFields()) : []
}

/** Int, Float and custom scalars (long integers, positive integers) can hold a size. */
function holdsNumber(input: Input): boolean {
  const type = getNamedType(input.type)
  return isScalarType(type) && !NOT_NUMBERS.has(type.name)
}

/** The size in a schema default. */
function defaultSize(input: Input, path: readonly string[], list: boolean): number {
  const given = schemaDefault(input)
  let value: unknown = given === undefined ? ABSENT : given
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return NO_SIZE
    value = ownProperty(value, name)
  }
  // A default that is no size, such as -1 for "all", tells nothing.
  return Math.max(NO_SIZE, sizeOf(value, list))
}
