import type { AccessMatrix, Cell } from './matrix.ts'

/** A cell in words: `any`, `self, team`, `any except self`, or `-` for nothing. */
export function printCell({ any, when, unless }: Cell): string {
  if (!any && when.length === 0) return '-'
  const allowed = any ? 'any' : when.join(', ')
  return unless.length === 0 ? allowed : `${allowed} except ${unless.join(', ')}`
}

/** A matrix as a table: a line for each permission, a column for each role. */
export function printMatrix(matrix: AccessMatrix): string {
  const rows = [
    ['', ...matrix.roles],
    ...matrix.permissions.map((permission) => [
      permission,
      ...matrix.roles.map((role) => printCell(matrix.cell(role, permission))),
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
