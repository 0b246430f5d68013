import { infoTypeOfDirective, REMOVED } from '@portcullis/classification'
import type { Classification, Classified } from '@portcullis/classification'
import { isThenable } from '@portcullis/graphql-gate'
import type { FieldCall, FieldHandler, FieldTarget } from '@portcullis/graphql-gate'
import {
  getNamedType,
  getNullableType,
  GraphQLError,
  isLeafType,
  isListType,
  isNonNullType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql'
import type { GraphQLLeafType, GraphQLOutputType } from 'graphql'
import type { Disclosure } from '../core/disclosure.ts'
import { InvalidClassificationError } from '../errors.ts'
import { classifying } from '../masker.ts'
import type { Masker } from '../masker.ts'

/**
 * What a field is classified as, by its own directive or coordinate or by that of an interface it implements. A field
 * that says nothing itself takes the interface's word: nobody has to repeat it, and a schema that replaces the first one
 * cannot forget it.
 *
 * @throws PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION where they say different things
 */
function classifiedAs({ type, field }: FieldTarget, classification: Classification): Classified | undefined {
  const said = [type, ...type.getInterfaces()].flatMap((owner) => {
    const coordinate = `${owner.name}.${field.name}`
    const infoType = infoTypeOfDirective([owner.getFields()[field.name]?.astNode], coordinate)
    const known = classification.field(owner.name, field.name)
    const one = infoType === undefined ? known : classification.add(coordinate, infoType)
    return one === undefined ? [] : [one]
  })
  const [first] = said
  // A name alone is said of every type alike.
  const other = said.find((one) => one.coordinate.includes('.') && one.infoType !== first?.infoType)
  if (first === undefined || other === undefined) return first
  if (!first.coordinate.includes('.')) return other
  throw new InvalidClassificationError(
    `${first.coordinate} is classified as ${first.infoType}, and ${other.coordinate}, which is the same field, as ${other.infoType}. Say the same of both.`,
  )
}

/** A plain value of a leaf, as the client would see it. */
function plain(type: GraphQLLeafType, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !(value instanceof Date)
    ? type.serialize(value)
    : value
}

/** A value as the client would see it; `undefined` where its type does not take it. */
function serialized(type: GraphQLLeafType, value: unknown): unknown {
  try {
    return type.serialize(value)
  } catch {
    return undefined
  }
}

function maskLeaf(classified: Classified, type: GraphQLLeafType, value: unknown, to: Disclosure): unknown {
  if (value === null || value === undefined || value instanceof Error) return value
  try {
    const shown = to.discloseField(classified, plain(type, value))
    return shown !== REMOVED && serialized(type, shown) !== undefined ? shown : null
  } catch {
    return null
  }
}

/** How many lists there are around the leaves of a type. */
function listsAround(type: GraphQLOutputType): number {
  const nullable = getNullableType(type)
  return isListType(nullable) ? 1 + listsAround(nullable.ofType) : 0
}

/** Applies a mask to each leaf of what a resolver gave: in as many lists as the schema says, and behind promises. */
function maskLeaves(lists: number, value: unknown, mask: (value: unknown) => unknown): unknown {
  if (isThenable(value)) return Promise.resolve(value).then((one) => maskLeaves(lists, one, mask))
  if (lists === 0) return mask(value)
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) return null
  return Array.from(value as Iterable<unknown>, (item) => maskLeaves(lists - 1, item, mask))
}

/** A scalar of the app may be written as an object, in which names say what is personal, as in any answer. */
function maskOpenLeaf(type: GraphQLLeafType, value: unknown, to: Disclosure): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date)
    return value
  // What it throws, it throws again when the answer is written.
  const written = serialized(type, value)
  if (typeof written !== 'object' || written === null) return value
  const { kept } = to.findings
  const copy = to.unknown(written)
  return written === value || kept !== to.findings.kept ? copy : value
}

function forbidden(): GraphQLError {
  return new GraphQLError('This field holds personal data that you may not see.', {
    extensions: { code: 'PII_FIELD_FORBIDDEN' },
  })
}

/** What the reader of a field is shown, and less where a gate withholds it from them. */
function disclosureOf({ request, withheld }: FieldCall, masker: Masker): Disclosure | undefined {
  if (withheld) return masker.withheldFrom(request)
  return request === undefined ? masker.toNobody() : masker.of(request)
}

/** Plans a scalar of the app that is not classified itself. */
function planOpenField({ field: { type } }: FieldTarget, masker: Masker): FieldHandler | undefined {
  const leaf = getNamedType(type)
  if (!isScalarType(leaf) || isSpecifiedScalarType(leaf)) return undefined
  const lists = listsAround(type)
  return ({ request }, next) => {
    const disclosure = request === undefined ? masker.toNobody() : masker.of(request)
    const value = next()
    if (disclosure === undefined || typeof value !== 'object' || value === null) return value
    return maskLeaves(lists, value, (one) => {
      const { size } = disclosure.findings.rejected
      const shown = maskOpenLeaf(leaf, one, disclosure)
      if (disclosure.findings.rejected.size > size) throw forbidden()
      return shown
    })
  }
}

/**
 * Plans the mask of a field: synchronous where its resolver is, and the same under every alias and in every fragment.
 *
 * @throws PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION for a classified field that is no leaf, or an unknown info type
 */
export function planFieldMask(target: FieldTarget, masker: Masker): FieldHandler | undefined {
  const { type: parent, field } = target
  const classified = classifying(() => classifiedAs(target, masker.classification))
  if (classified === undefined) return planOpenField(target, masker)
  const { type } = field
  const leaf = getNamedType(type)
  if (!isLeafType(leaf)) {
    // A name alone may mean something else here, and its leaves are classified on their own.
    if (!classified.coordinate.includes('.')) return undefined
    throw new InvalidClassificationError(
      `${parent.name}.${field.name} is classified, but has fields of its own. Classify the fields of ${String(leaf)} instead.`,
    )
  }
  const lists = listsAround(type)
  const isNeverNull = isNonNullType(type)
  const mask: FieldHandler = (call, next) => {
    const disclosure = disclosureOf(call, masker)
    const value = next()
    if (disclosure === undefined) return value
    const finish = (shown: unknown): unknown => {
      if ((shown === null && isNeverNull) || disclosure.rejects(classified)) throw forbidden()
      return shown
    }
    const shown = maskLeaves(lists, value, (one) => maskLeaf(classified, leaf, one, disclosure))
    return isThenable(shown) ? shown.then(finish) : finish(shown)
  }
  return Object.assign(mask, { hides: true } as const)
}
