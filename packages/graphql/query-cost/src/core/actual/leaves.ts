import type { CostedField } from '../costed.ts'

/**
 * How many values that are not null a field has answered, in the lists that the schema says and no others: a scalar may
 * be a list itself.
 */
export function leavesOf({ listDepth }: Pick<CostedField, 'listDepth'>, value: unknown): number {
  let level: readonly unknown[] = [value]
  for (let depth = 0; depth < listDepth; depth++)
    level = level.flatMap((one) => (Array.isArray(one) ? (one as readonly unknown[]) : []))
  return level.filter((one) => one !== null && one !== undefined).length
}
