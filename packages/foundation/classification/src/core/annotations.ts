import { ClassificationError, toInfoType } from './info-types.ts'
import type { InfoType } from './info-types.ts'

/** The keyword of a JSON Schema that classifies a value (OpenAPI's Extension Field Registry). */
export const JSON_SCHEMA_KEYWORD = 'x-data-classification'

/**
 * What a JSON Schema says of its value: `"x-data-classification": "US_SOCIAL_SECURITY_NUMBER"`, or an object with
 * `infoType`, or with the registry's `category` holding one.
 *
 * @param where for the message
 * @returns `undefined` where the keyword is missing
 * @throws ClassificationError where it is there and says no info type
 */
export function infoTypeOfJsonSchema(schema: object, where: string): InfoType | undefined {
  const said = (schema as Record<string, unknown>)[JSON_SCHEMA_KEYWORD]
  if (said === undefined) return undefined
  if (typeof said !== 'object' || said === null) return toInfoType(said, where)
  const { infoType, category } = said as { infoType?: unknown; category?: unknown }
  return toInfoType(infoType ?? category, where)
}

/** A definition in a GraphQL schema's text, as graphql's parser makes it. */
export interface Annotated {
  readonly directives?:
    | readonly {
        readonly name: { readonly value: string }
        readonly arguments?:
          | readonly { readonly name: { readonly value: string }; readonly value: object }[]
          | undefined
      }[]
    | undefined
}

/**
 * What `@pii(infoType:)` says on a definition of a field or on its extensions. The argument may be a string or an enum.
 *
 * @throws ClassificationError where the directive is there and says no info type
 */
export function infoTypeOfDirective(
  nodes: readonly (Annotated | null | undefined)[],
  where: string,
): InfoType | undefined {
  for (const { name, arguments: given } of nodes.flatMap((node) => node?.directives ?? [])) {
    if (name.value !== 'pii') continue
    const argument: { value?: unknown } | undefined = given?.find(
      (one) => one.name.value === 'infoType',
    )?.value
    if (argument === undefined) throw new ClassificationError(`${where}: @pii has no infoType.`)
    return toInfoType(argument.value, where)
  }
  return undefined
}
