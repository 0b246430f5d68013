import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createMatrix,
  diffMatrices,
  parsePermission,
  PolicyError,
  printDiff,
  settle,
} from '../../src/core/index.ts'
import type { AccessMatrix } from '../../src/core/index.ts'
import { property } from '../property.ts'
import { everyTruth, naiveAllows } from './naive.ts'
import { SCOPES, somebody } from './policies.ts'

const roles = {
  user: ['orders:read:self', 'profile:write:self'],
  manager: { inherits: ['user'], allow: ['orders:read:team', 'users:read:team'] },
  hr: { inherits: ['user'], allow: ['payroll:read'], deny: ['payroll:read:self'] },
  admin: ['admin:all'],
  suspended: { deny: ['orders:read', 'orders:write'] },
}
const matrix = createMatrix({ roles, scopes: ['self', 'team'] })

describe('permissions', () => {
  it.each(['orders:read', 'orders:read:self', 'a:b', 'a-1:b_2'])('%s is one', (text) => {
    expect(parsePermission(text)?.text).toBe(text)
  })

  it.each([
    '',
    'orders',
    ':',
    'a:',
    ':a',
    'a:b:',
    'a:b:c:d',
    'A:b',
    'a:B',
    'a b:c',
    'a:*',
    '1:a',
    'é:a',
    'a:b\n',
    'admin:all:self',
    `${'a'.repeat(65)}:b`,
    '__proto__:read',
  ])('%j is none', (text) => {
    expect(parsePermission(text)).toBeUndefined()
    expect(() => matrix.allows(['admin'], text)).toThrow(PolicyError)
  })

  it('are read in linear time', () => {
    const started = performance.now()
    for (const text of ['a'.repeat(5_000_000), ':'.repeat(5_000_000), `a:${'b'.repeat(5_000_000)}`])
      expect(parsePermission(text)).toBeUndefined()
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

describe('a matrix', () => {
  it('allows by role, with what it inherits, in one direction', () => {
    expect(matrix.allows(['user'], 'orders:read:self')).toBe(true)
    expect(matrix.allows(['user'], 'orders:read')).toBe(false)
    expect(matrix.allows(['user'], 'orders:read:team')).toBe(false)
    expect(matrix.allows(['manager'], 'orders:read:self')).toBe(true)
    expect(matrix.allows(['manager'], 'users:read:team')).toBe(true)
    expect(matrix.allows([], 'orders:read:self')).toBe(false)
    expect(matrix.allows(['User', 'constructor', '__proto__'], 'orders:read:self')).toBe(false)
    expect(matrix.holds(['manager'], 'user')).toBe(true)
    expect(matrix.holds(['user'], 'manager')).toBe(false)
  })

  it('lets a denial beat what another role allows, and a scoped one deny its resources', () => {
    expect(matrix.allows(['manager', 'suspended'], 'orders:read:self')).toBe(false)
    expect(matrix.allows(['admin', 'suspended'], 'orders:read')).toBe(false)
    expect(matrix.allows(['admin', 'suspended'], 'users:read')).toBe(true)
    const verdict = matrix.judge({ roles: ['hr'] }, 'payroll:read')
    expect(verdict).toEqual({ outcome: 'depends', when: [], unless: ['self'], admin: false })
    expect(settle(verdict, () => true)).toBe(false)
    expect(settle(verdict, () => undefined)).toBe(false)
    expect(settle(verdict, () => false)).toBe(true)
    expect(matrix.allows(['hr', 'admin'], 'payroll:read:self')).toBe(false)
  })

  it('tells where nothing but admin:all allows', () => {
    expect(matrix.judge({ roles: ['admin'] }, 'orders:read').admin).toBe(true)
    expect(matrix.judge({ roles: ['admin'] }, 'admin:all').admin).toBe(true)
    expect(matrix.judge({ roles: ['admin'], permissions: ['orders:read'] }, 'orders:read').admin).toBe(false)
  })

  it('counts the permissions of a token in addition, never its admin:all, and denials beat them', () => {
    const may = (permissions: string[], roles_: string[] = []): string =>
      matrix.judge({ roles: roles_, permissions }, 'orders:read').outcome
    expect(may(['orders:read'])).toBe('allow')
    expect(may(['admin:all'])).toBe('deny')
    expect(may(['orders:read:galaxy', 'openid', ''])).toBe('deny')
    expect(may(['orders:read'], ['suspended'])).toBe('deny')
    expect(may([...Array.from({ length: 1_000 }, () => 'openid'), 'orders:read'])).toBe('deny')
  })

  it('waits for promises, in both halves, and asks no more than it needs', async () => {
    const asked: string[] = []
    const verdict = { outcome: 'depends', when: ['a', 'b', 'c'], unless: ['x', 'y'], admin: false } as const
    const later = (yes: readonly string[]) => (scope: string) => {
      asked.push(scope)
      return Promise.resolve(yes.includes(scope))
    }
    expect(await settle(verdict, later(['b']))).toBe(true)
    expect(asked.splice(0)).toEqual(['x', 'y', 'a', 'b'])
    expect(await settle(verdict, later(['x', 'a']))).toBe(false)
    expect(asked).toEqual(['x'])
    expect(await settle(verdict, later([]))).toBe(false)
    await expect(Promise.resolve(settle(verdict, () => Promise.reject(new Error('away'))))).rejects.toThrow(
      'away',
    )
  })

  it('is printed as a table and as data', () => {
    expect(String(matrix)).toBe(
      [
        '               user  manager     hr               admin  suspended',
        'admin:all      -     -           -                any    -',
        'orders:read    self  self, team  self             any    -',
        'orders:write   -     -           -                any    -',
        'payroll:read   -     -           any except self  any    -',
        'profile:write  self  self        self             any    -',
        'users:read     -     team        -                any    -',
      ].join('\n'),
    )
    expect(JSON.parse(JSON.stringify(matrix))).toMatchObject({
      scopes: ['self', 'team'],
      roles: {
        user: { 'orders:read': { any: false, when: ['self'], unless: [] } },
        hr: { 'payroll:read': { any: true, when: [], unless: ['self'] } },
        suspended: {},
      },
    })
  })

  it('does not change', () => {
    expect(() => Object.assign(matrix, { roles: [] })).toThrow(TypeError)
    expect(Object.isFrozen(matrix.roles)).toBe(true)
  })
})

describe('two matrices', () => {
  it('are compared by what each role gained and lost', () => {
    const after = createMatrix({
      roles: { ...roles, user: ['orders:read', 'profile:read'], hr: { allow: ['payroll:read'] } },
      scopes: ['self', 'team'],
    })
    expect(printDiff(diffMatrices(matrix, after))).toBe(
      [
        '+ user  orders:read  self → any',
        '+ user  profile:read  - → any',
        '- user  profile:write  self → -',
        '+ manager  orders:read  self, team → any',
        '+ manager  profile:read  - → any',
        '- manager  profile:write  self → -',
        '- hr  orders:read  self → -',
        '+ hr  payroll:read  any except self → any',
        '- hr  profile:write  self → -',
      ].join('\n'),
    )
    expect(diffMatrices(matrix, createMatrix({ roles, scopes: ['team', 'self'] }))).toEqual([])
  })

  it('gain and lose exactly what a naive evaluator says', { timeout: 600_000 }, () => {
    const truths = everyTruth(SCOPES)
    const found: string[] = []
    fc.assert(
      fc.property(somebody, somebody, (one, two) => {
        const changes = diffMatrices(createMatrix(one), createMatrix(two))
        const [before, after]: AccessMatrix[] = [createMatrix(one), createMatrix(two)]
        for (const role of new Set([...(before?.roles ?? []), ...(after?.roles ?? [])])) {
          for (const key of new Set([...(before?.permissions ?? []), ...(after?.permissions ?? [])])) {
            const may = (given: typeof one) =>
              truths.map((truth) => naiveAllows({ ...given, held: [role], tokens: [] }, key, truth))
            const [old, now] = [may(one), may(two)]
            const grew = now.some((is, index) => is && old[index] !== true)
            const shrank = old.some((is, index) => is && now[index] !== true)
            const kind = grew ? (shrank ? 'changed' : 'gained') : shrank ? 'lost' : undefined
            const change = changes.find((each) => each.role === role && each.permission === key)
            expect(change?.kind).toBe(kind)
            if (kind !== undefined) found.push(kind)
          }
        }
      }),
      property(200),
    )
    expect(new Set(found)).toEqual(new Set(['gained', 'lost', 'changed']))
  })
})
