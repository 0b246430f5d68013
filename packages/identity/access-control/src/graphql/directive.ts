/**
 * The definition of the directive that access-control reads, for the type definitions of a schema. `requires` is a
 * permission, `role` a role; with neither, anybody who is known may.
 */
export const authDirective =
  'directive @auth(requires: String, role: String, onDenied: String, personal: Boolean) on OBJECT | INTERFACE | FIELD_DEFINITION\n'
