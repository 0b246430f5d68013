import type { AccessMatrix, Cell } from './matrix.ts'
import { printCell } from './print.ts'

/** What changed for one role and one `resource:action`. */
export interface MatrixChange {
  readonly role: string
  readonly permission: string
  /** `gained`: nothing was taken away. `lost`: nothing was added. `changed`: some of both. */
  readonly kind: 'gained' | 'lost' | 'changed'
  /** What the role could do before, in words. */
  readonly before: string
  readonly after: string
}

const NOTHING: Cell = { any: false, when: [], unless: [] }

const covers = (all: readonly string[], some: readonly string[]): boolean =>
  some.every((one) => all.includes(one))

/** Whether everything that the smaller cell allows, the larger one allows too. */
function includes(larger: Cell, smaller: Cell): boolean {
  if (!smaller.any && smaller.when.length === 0) return true
  const reaches = larger.any || (!smaller.any && covers(larger.when, smaller.when))
  return reaches && covers(smaller.unless, larger.unless)
}

function cellOf(matrix: AccessMatrix, role: string, permission: string): Cell {
  return matrix.roles.includes(role) ? matrix.cell(role, permission) : NOTHING
}

/**
 * Compares two matrices: what each role gained and lost, permissions that only one of them names included.
 *
 * @returns the changes by role and permission; empty where nothing changed
 */
export function diffMatrices(before: AccessMatrix, after: AccessMatrix): readonly MatrixChange[] {
  const roles = [...new Set([...before.roles, ...after.roles])]
  const permissions = [...new Set([...before.permissions, ...after.permissions])].sort()
  return roles.flatMap((role) =>
    permissions.flatMap((permission): MatrixChange[] => {
      const [old, now] = [cellOf(before, role, permission), cellOf(after, role, permission)]
      const [grew, shrank] = [!includes(old, now), !includes(now, old)]
      if (!grew && !shrank) return []
      const kind = grew && shrank ? 'changed' : grew ? 'gained' : 'lost'
      return [{ role, permission, kind, before: printCell(old), after: printCell(now) }]
    }),
  )
}

/** Changes for people, one a line: `+ clerk  orders:read  - → any`. */
export function printDiff(changes: readonly MatrixChange[]): string {
  const signs = { gained: '+', lost: '-', changed: '~' } as const
  return changes
    .map(
      ({ role, permission, kind, before, after }) =>
        `${signs[kind]} ${role}  ${permission}  ${before} → ${after}`,
    )
    .join('\n')
}
