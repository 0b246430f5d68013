import { columnOf } from './core/standard-schema.ts'
import type { StandardSchema } from './core/standard-schema.ts'
import { DatabaseRowInvalidError } from './errors.ts'

/**
 * What a schema makes of a row.
 *
 * @throws DATABASE_ROW_INVALID, which names the column and holds no value: what a schema says may
 */
export async function checkRow(schema: StandardSchema, row: object): Promise<unknown> {
  const answer = schema['~standard'].validate(row)
  const { issues, ...result } = answer instanceof Promise ? await answer : answer
  if (issues === undefined) return (result as { readonly value: unknown }).value
  throw new DatabaseRowInvalidError(columnOf(row, issues) ?? 'the row')
}
