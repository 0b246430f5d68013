import { infoTypeOfDirective, REMOVED } from '@portcullis/classification'
import type { Classification, Classified } from '@portcullis/classification'
import type { FieldHandler, FieldTarget } from '@portcullis/graphql-gate'
import { getNamedType, getNullableType, GraphQLError, isLeafType, isListType, isNonNullType } from 'graphql'
import type { GraphQLLeafType, GraphQLOutputType } from 'graphql'
import type { Disclosure } from '../core/disclosure.ts'
import { InvalidClassificationError } from '../errors.ts'
import { classifying } from '../masker.ts'
import type { Masker } from '../masker.ts'

/** What a field is classified as, by its own directive or coordinate or by that of an interface it implements. */
function classifiedAs({ type, field }: FieldTarget, classification: Classification): Classified | undefined {
  const owners = [type, ...type.getInterfaces()]
  for (const owner of owners) {
    const coordinate = `${owner.name}.${field.name}`
    const infoType = infoTypeOfDirective([owner.getFields()[field.name]?.astNode], coordinate)
    if (infoType !== undefined) return classification.add(coordinate, infoType)
  }
  return owners
    .map((owner) => classification.field(owner.name, field.name))
    .find((classified) => classified !== undefined)
}

/** A plain value of a leaf, as the client would see it. */
function plain(type: GraphQLLeafType, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !(value instanceof Date)
    ? type.serialize(value)
    : value
}

function fits(type: GraphQLLeafType, value: unknown): boolean {
  try {
    return type.serialize(value) !== undefined
  } catch {
    return false
  }
}

function maskLeaf(classified: Classified, type: GraphQLLeafType, value: unknown, to: Disclosure): unknown {
  if (value === null || value === undefined || value instanceof Error) return value
  try {
    const shown = to.disclose(classified, plain(type, value))
    return shown !== REMOVED && fits(type, shown) ? shown : null
  } catch {
    return null
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function maskResult(
  classified: Classified,
  type: GraphQLOutputType,
  value: unknown,
  to: Disclosure,
): unknown {
  if (isThenable(value)) return value.then((one) => maskResult(classified, type, one, to))
  const nullable = getNullableType(type)
  if (isListType(nullable)) {
    if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) return null
    return Array.from(value as Iterable<unknown>, (item) => maskResult(classified, nullable.ofType, item, to))
  }
  return isLeafType(nullable) ? maskLeaf(classified, nullable, value, to) : null
}

/**
 * Plans the mask of a field: synchronous where its resolver is, and the same under every alias and in every fragment.
 *
 * @throws PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION for a classified field that is no leaf, or an unknown info type
 */
export function planFieldMask(target: FieldTarget, masker: Masker): FieldHandler | undefined {
  const { type: parent, field } = target
  const classified = classifying(() => classifiedAs(target, masker.classification))
  if (classified === undefined) return undefined
  const { type } = field
  if (!isLeafType(getNamedType(type))) {
    // A name alone may mean something else here, and its leaves are classified on their own.
    if (!classified.coordinate.includes('.')) return undefined
    throw new InvalidClassificationError(
      `${parent.name}.${field.name} is classified, but has fields of its own. Classify the fields of ${String(getNamedType(type))} instead.`,
    )
  }
  return ({ request }, next) => {
    const disclosure = request === undefined ? masker.toNobody() : masker.of(request)
    const value = next()
    if (disclosure === undefined) return value
    const finish = (shown: unknown): unknown => {
      const isHidden = shown === null && isNonNullType(type)
      if (!disclosure.findings.rejected.has(classified.coordinate) && !isHidden) return shown
      throw new GraphQLError('This field holds personal data that you may not see.', {
        extensions: { code: 'PII_FIELD_FORBIDDEN' },
      })
    }
    const shown = maskResult(classified, type, value, disclosure)
    return isThenable(shown) ? shown.then(finish) : finish(shown)
  }
}
