import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyStrategy, createClassification, maskUnknown } from '../../src/index.ts'
import type { WalkRules } from '../../src/index.ts'
import { runs } from '../property.ts'

const classification = createClassification({ 'User.email': 'EMAIL_ADDRESS', 'users.phone': 'PHONE_NUMBER' })
const rules: WalkRules = {
  name: (key) => classification.name(key),
  disclose: ({ infoType }, value) => applyStrategy('partial', infoType, value),
}
const SSN = '123-45-6789'

describe('the walker', () => {
  it.each([
    'ssn',
    'SSN',
    '_ssn',
    'Ssn',
    'user_ssn',
    'userSsn',
    'userSSN',
    'user-ssn',
    'USER_SSN',
    'billing.ssn',
    'ssns',
    'ｓｓｎ',
    'social_security_number',
    'socialSecurityNumber',
    'SocialSecurityNumber',
    'ssn_number',
    'ssn1',
    'ssn_2',
    'ss\u200Bn',
  ])('knows the key %s', (key) => {
    expect(JSON.stringify(maskUnknown({ a: [{ [key]: SSN }] }, rules))).not.toContain('123-45')
  })

  it.each(['lesson', 'session', 'emailed', 'product', 'secretary', 'masked'])(
    'leaves the key %s alone',
    (key) => {
      expect(maskUnknown({ [key]: SSN }, rules)).toEqual({ [key]: SSN })
    },
  )

  it('knows a path through lists and Maps, and leaves the same name elsewhere alone', () => {
    const paths = createClassification({ 'order.contact.note': 'GENERIC_ID' })
    const name: WalkRules['name'] = (key, above) => paths.name(key, above)
    const value = { note: 'n', data: [{ order: new Map([['contact', [[{ note: 'secret' }]]]]), note: 'n' }] }
    expect(maskUnknown(value, { ...rules, name })).toEqual({
      note: 'n',
      data: [{ order: { contact: [[{ note: '***' }]] }, note: 'n' }],
    })
    const place = { key: 'contact', above: { key: 'order', above: undefined } }
    expect(maskUnknown([{ note: 'secret' }], { ...rules, name, place })).toEqual([{ note: '***' }])
  })

  it('hides all parts of what stands under a classified key', () => {
    const value = { password: { old: 'a1', next: ['b2', { deep: 'c3' }] }, emails: ['ada@example.com'] }
    const text = JSON.stringify(maskUnknown(value, rules))
    for (const secret of ['a1', 'b2', 'c3', 'ada@']) expect(text).not.toContain(secret)
  })

  it('hides keys that are values under a classified key', () => {
    const phones = { '+15550104477': 'home', '+15550204477': 'work', main: '+15550304477' }
    expect(maskUnknown({ phones }, rules)).toEqual({
      phones: { '***-***-4477': '***-***-****', '***-***-4477 (1)': '***-***-****', main: '***-***-4477' },
    })
  })

  it('looks into Maps, Sets, errors and what toJSON gives', () => {
    class Row {
      readonly #ssn = SSN
      toJSON(): object {
        return { ssn: this.#ssn }
      }
    }
    const error = Object.assign(new Error('failed', { cause: { ssn: SSN } }), { ssn: SSN })
    const value = { map: new Map([['ssn', SSN]]), set: new Set([{ ssn: SSN }]), row: new Row(), error }
    expect(JSON.stringify(maskUnknown(value, rules))).not.toContain('123-45')
  })

  it('adds nothing that JSON would leave out, where it is to read as JSON does', () => {
    const value = { map: new Map([['a', 1]]), set: new Set([1]), error: new Error('inner detail') }
    const masked = maskUnknown(value, { ...rules, json: true })
    expect(JSON.stringify(masked)).toBe(JSON.stringify(value))
  })

  it('survives cycles, throwing getters, proxies and depth', () => {
    const cyclic: Record<string, unknown> = { ssn: SSN }
    cyclic['self'] = cyclic
    expect(maskUnknown(cyclic, rules)).toEqual({ ssn: '***-**-6789', self: '[Circular]' })
    const throwing = {
      get bad(): string {
        throw new Error('no')
      },
      ok: 1,
    }
    expect(maskUnknown(throwing, rules)).toEqual({ bad: '[Unreadable]', ok: 1 })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(maskUnknown({ proxy, ok: 1 }, rules)).toEqual({ proxy: '[Unreadable]', ok: 1 })
    let deep: unknown = { ssn: SSN }
    for (let level = 0; level < 100_000; level++) deep = { a: deep }
    expect(JSON.stringify(maskUnknown(deep, rules))).toContain('[Truncated]')
  })

  it('is bounded where parts are shared', () => {
    let bomb: unknown = { ssn: SSN }
    for (let level = 0; level < 31; level++) bomb = { a: bomb, b: bomb }
    const text = JSON.stringify(maskUnknown(bomb, rules))
    expect(text.length).toBeLessThan(1_000_000)
    expect(text).not.toContain('123-45')
  })

  it('takes a key named __proto__ for a key', () => {
    const masked = maskUnknown(JSON.parse('{"__proto__":{"ssn":"123-45-6789"}}'), rules) as object
    expect(Object.getPrototypeOf(masked)).toBe(Object.prototype)
    expect(JSON.stringify(masked)).not.toContain('123-45')
  })

  it('never throws, never changes what it is given, and leaks nothing', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.date())
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'ssn', 'userSsn', 'card_number', '__proto__'), tie('node')),
      ),
    })).node
    fc.assert(
      fc.property(tree, (value) => {
        const planted = { value, list: [{ my_ssn: { x: ['987-65-4320'] } }] }
        const before = JSON.stringify(planted)
        const masked = maskUnknown(planted, rules)
        expect(JSON.stringify(masked)).not.toContain('987-65')
        expect(JSON.stringify(planted)).toBe(before)
      }),
      runs(2_000),
    )
  })
})
