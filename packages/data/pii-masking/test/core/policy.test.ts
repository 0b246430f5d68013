import { describe, expect, it } from 'vitest'
import { judge } from '../../src/core/policy.ts'
import type { Policy, Viewer } from '../../src/core/policy.ts'

const ssn = { infoType: 'US_SOCIAL_SECURITY_NUMBER', coordinate: 'User.ssn' } as const
const viewer = (...roles: string[]): Viewer => ({ roles })
const of = (policy: Policy, who: Viewer): string => judge(policy, 'partial', ssn, who).strategy

describe('policy', () => {
  const policy: Policy = { US_SOCIAL_SECURITY_NUMBER: { admin: 'raw', support: 'partial', '*': 'remove' } }

  it.each([
    [viewer('admin'), 'raw'],
    [viewer('support'), 'partial'],
    [viewer('support', 'admin'), 'raw'],
    [viewer('guest'), 'remove'],
    [viewer(), 'remove'],
    [undefined, 'remove'],
  ])('gives %o %s', (who, strategy) => expect(of(policy, who)).toBe(strategy))

  it('takes no role for what it is not', () => {
    const open: Policy = { US_SOCIAL_SECURITY_NUMBER: { admin: 'raw', '*': 'raw', guest: 'null' } }
    for (const role of ['*', '__proto__', 'constructor', 'toString', 'Admin', 'admin ']) {
      expect(of(policy, viewer(role))).toBe('remove')
    }
    expect(of(open, undefined)).toBe('null')
  })

  it('gives a role that no rule names the strictest, never less than the fallback', () => {
    expect(of({ US_SOCIAL_SECURITY_NUMBER: { admin: 'raw' } }, viewer('guest'))).toBe('partial')
    expect(of({ US_SOCIAL_SECURITY_NUMBER: { admin: 'raw' } }, undefined)).toBe('partial')
  })

  it('lets a coordinate win over its kind', () => {
    expect(of({ ...policy, 'User.ssn': 'null' }, viewer('admin'))).toBe('null')
  })
})
