/**
 * The definition of the directive that input-validation reads, for the type definitions of a schema. Its arguments are
 * the keywords of JSON Schema; those of strings and numbers hold for each item of a list.
 */
export const constraintDirective =
  'directive @constraint(format: String, minLength: Int, maxLength: Int, pattern: String, min: Float, max: Float, exclusiveMin: Float, exclusiveMax: Float, multipleOf: Float, minItems: Int, maxItems: Int, uniqueItems: Boolean) on ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION\n'
