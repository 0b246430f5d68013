import fc from 'fast-check'
import type { NaiveCase, NaiveRole } from './naive.ts'

export const SCOPES = ['self', 'team', 'tenant'] as const
const NAMES = ['user', 'clerk', 'manager', 'auditor', 'admin'] as const
const KEYS = ['orders:read', 'orders:write', 'users:read', 'payroll:read'] as const

/** A permission that few are needed of for all to meet: four of them, in four reaches. */
export const permission = fc
  .tuple(fc.constantFrom(...KEYS), fc.constantFrom(undefined, ...SCOPES))
  .map(([key, scope]) => (scope === undefined ? key : `${key}:${scope}`))

const list = (maxLength: number): fc.Arbitrary<string[]> => fc.uniqueArray(permission, { maxLength })

/** Roles that inherit those before them, so that there is no circle. */
const roles: fc.Arbitrary<Record<string, NaiveRole>> = fc
  .array(
    fc.record({
      inherits: fc.uniqueArray(fc.nat({ max: NAMES.length - 1 }), { maxLength: 2 }),
      allow: list(4),
      deny: list(2),
      admin: fc.nat({ max: 6 }),
    }),
    { minLength: 1, maxLength: NAMES.length },
  )
  .map((drafts) =>
    Object.fromEntries(
      drafts.map(({ inherits, allow, deny, admin }, index) => [
        NAMES[index] as string,
        {
          inherits: inherits.filter((parent) => parent < index).map((parent) => NAMES[parent] as string),
          allow: [...allow.filter((one) => !deny.includes(one)), ...(admin === 0 ? ['admin:all'] : [])],
          deny,
        },
      ]),
    ),
  )

/** A policy and somebody: with roles, some of them unknown, and permissions of a token, some of them none. */
export const somebody: fc.Arbitrary<NaiveCase> = fc.record({
  roles,
  scopes: fc.constant(SCOPES),
  held: fc.uniqueArray(fc.constantFrom(...NAMES, 'nobody', '__proto__'), { maxLength: 3 }),
  tokens: fc.array(fc.oneof(permission, fc.constantFrom('admin:all', 'openid', 'orders:read:galaxy')), {
    maxLength: 2,
  }),
})
