import fc from 'fast-check'
import { parseList } from 'structured-headers'
import { describe, expect, it } from 'vitest'
import { rateLimitField, rateLimitPolicyField, retryAfterSeconds } from '../../src/core/headers.ts'
import { definePolicy } from '../../src/core/policy.ts'
import type { Limit } from '../../src/core/verdict.ts'
import { property } from '../property.ts'

const minute = definePolicy({ name: 'per minute', quota: 100, window: 60_000 })
const hour = definePolicy({ name: 'cost', quota: 1_000, window: 3_600_000, unit: 'query-cost' })
const limit = (over: Partial<Limit>): Limit => ({
  policy: minute,
  quota: 100,
  remaining: 5,
  resetMs: 12_001,
  retryAfterMs: 0,
  violated: false,
  ...over,
})

describe('RateLimit-Policy', () => {
  it('is a list of strings with quota, window in seconds, and the unit where there is one', () => {
    expect(rateLimitPolicyField([minute, hour])).toBe(
      '"per minute";q=100;w=60, "cost";q=1000;w=3600;qu="query-cost"',
    )
  })

  it('rounds a window up to whole seconds', () => {
    expect(rateLimitPolicyField([definePolicy({ name: 'a', quota: 1, window: 1 })])).toBe('"a";q=1;w=1')
  })
})

describe('RateLimit', () => {
  it('carries what is left and the seconds until all is back, rounded up', () => {
    expect(rateLimitField([limit({}), limit({ policy: hour, remaining: 0, resetMs: 0 })])).toBe(
      '"per minute";r=5;t=13, "cost";r=0;t=0',
    )
  })

  it('on a refusal only violated policies carry t, which is when the call fits', () => {
    const limits = [limit({ violated: true, remaining: 0, retryAfterMs: 1_500 }), limit({ policy: hour })]
    expect(rateLimitField(limits)).toBe('"per minute";r=0;t=2, "cost";r=5')
    expect(retryAfterSeconds(limits)).toBe(2)
  })

  it('leaves out what was not enforced', () => {
    expect(rateLimitField([limit({ degraded: 'open' })])).toBe('')
    expect(rateLimitField([limit({ degraded: 'local' })])).not.toBe('')
  })
})

describe('Retry-After', () => {
  it('is the longest wait of the violated policies, rounded up, at least 1', () => {
    const violated = true
    expect(retryAfterSeconds([limit({})])).toBeUndefined()
    expect(retryAfterSeconds([limit({ violated, retryAfterMs: 1 })])).toBe(1)
    expect(
      retryAfterSeconds([
        limit({ violated, retryAfterMs: 1_001 }),
        limit({ violated, retryAfterMs: 60_000 }),
      ]),
    ).toBe(60)
    expect(retryAfterSeconds([limit({ violated, retryAfterMs: 5 }), limit({ retryAfterMs: 90_000 })])).toBe(1)
  })

  it('is absent when waiting does not help', () => {
    expect(
      retryAfterSeconds([
        limit({ violated: true, retryAfterMs: null }),
        limit({ violated: true, retryAfterMs: 9 }),
      ]),
    ).toBeUndefined()
  })
})

it('every policy and limit parses as a structured field', () => {
  const name = fc.string({
    minLength: 1,
    maxLength: 64,
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
  })
  const whole = fc.integer({ min: 1, max: 999_999_999_999_999 })
  fc.assert(
    fc.property(
      name,
      whole,
      fc.integer({ min: 1, max: 31_622_400_000 }),
      fc.option(name),
      fc.boolean(),
      (id, quota, window, unit, violated) => {
        const policy = definePolicy({ name: id, quota, window, ...(unit === null ? {} : { unit }) })
        const [item] = parseList(rateLimitPolicyField([policy]))
        expect(item?.[0]).toBe(id)
        expect(Object.fromEntries(item?.[1] ?? [])).toEqual({
          q: quota,
          w: Math.ceil(window / 1000),
          ...(unit === null ? {} : { qu: unit }),
        })
        const [state] = parseList(
          rateLimitField([
            limit({
              policy,
              remaining: quota,
              resetMs: window,
              retryAfterMs: violated ? window : 0,
              violated,
            }),
          ]),
        )
        expect(state?.[0]).toBe(id)
        expect(Object.fromEntries(state?.[1] ?? [])).toEqual({ r: quota, t: Math.ceil(window / 1000) })
      },
    ),
    property(1_000),
  )
})
