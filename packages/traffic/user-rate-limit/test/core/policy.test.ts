import { describe, expect, it } from 'vitest'
import { InvalidPolicy } from '../../src/core/failures.ts'
import { definePolicy, shareOf } from '../../src/core/policy.ts'
import type { PolicyInput } from '../../src/core/policy.ts'

const good: PolicyInput = { name: 'login', quota: 5, window: 60_000 }

describe('definePolicy', () => {
  it('fills in the defaults and freezes', () => {
    const policy = definePolicy(good)
    expect(policy).toEqual({
      name: 'login',
      quota: 5,
      window: 60_000,
      algorithm: 'sliding-window',
      capacity: 5,
      unit: undefined,
      onStoreError: 'local',
      field: 's60000:login',
    })
    expect(Object.isFrozen(policy)).toBe(true)
    expect(definePolicy({ ...good, algorithm: 'gcra', burst: 9 }).capacity).toBe(9)
  })

  const bad: [property: string, over: object][] = [
    ...[0, -1, 1.5, Number.NaN, Infinity, 1e15, '5', undefined].map((quota): [string, object] => [
      'quota',
      { quota },
    ]),
    ...[0, -1, 0.5, 1_000.5, Number.NaN, 31_622_400_001, '1m'].map((window): [string, object] => [
      'window',
      { window },
    ]),
    ...['', 'x'.repeat(65), 'a\nb', 'é', undefined, 7].map((name): [string, object] => ['name', { name }]),
    ...['token-bucket', '__proto__', 'toString'].map((algorithm): [string, object] => [
      'algorithm',
      { algorithm },
    ]),
    ...[0, 1.5, Number.NaN].map((burst): [string, object] => ['burst', { algorithm: 'gcra', burst }]),
    ['burst', { burst: 10 }],
    ['burst', { algorithm: 'gcra', burst: 1e12, window: 86_400_000 }],
    ['quota', { algorithm: 'gcra', quota: 1e12, window: 86_400_000 }],
    ['unit', { unit: 'ü' }],
    ['onStoreError', { onStoreError: 'fail' }],
  ]
  it.each(bad)('refuses a bad %s: %j', (name, over) => {
    const define = (): unknown => definePolicy({ ...good, ...over })
    expect(define).toThrow(InvalidPolicy)
    expect(define).toThrow(`${name} must be`)
  })

  it('a changed shape is another field, a changed quota is not', () => {
    expect(definePolicy({ ...good, quota: 9 }).field).toBe(definePolicy(good).field)
    expect(definePolicy({ ...good, window: 1 }).field).not.toBe(definePolicy(good).field)
    expect(definePolicy({ ...good, algorithm: 'fixed-window' }).field).not.toBe(definePolicy(good).field)
  })
})

it('a share is the quota by instances, rounded down, at least 1', () => {
  const policy = definePolicy({ ...good, algorithm: 'gcra', quota: 10, burst: 5 })
  expect(shareOf(policy, 3)).toEqual({ ...policy, quota: 3, capacity: 1 })
  expect(shareOf(policy, 100)).toEqual({ ...policy, quota: 1, capacity: 1 })
})
