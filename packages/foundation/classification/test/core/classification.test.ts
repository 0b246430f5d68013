import { describe, expect, it } from 'vitest'
import {
  ClassificationError,
  createClassification,
  infoTypeOfDirective,
  infoTypeOfJsonSchema,
} from '../../src/index.ts'

describe('classification', () => {
  it('keeps a coordinate to its type where the type is known', () => {
    const one = createClassification({ 'User.name': 'PERSON_NAME', phone: 'PHONE_NUMBER' })
    expect(one.field('User', 'name')?.infoType).toBe('PERSON_NAME')
    expect(one.field('Product', 'name')).toBeUndefined()
    expect(one.field('Product', 'mobile_phone')?.infoType).toBe('PHONE_NUMBER')
    expect(one.name('name')?.coordinate).toBe('User.name')
  })

  it('refuses what it cannot read', () => {
    expect(() => createClassification({ 'User.ssn': 'SSN' })).toThrow(ClassificationError)
    expect(() => createClassification({ 'User.': 'PERSON_NAME' })).toThrow(ClassificationError)
  })

  it('forgets looked-up names when something is added', () => {
    const one = createClassification()
    expect(one.name('nick')).toBeUndefined()
    one.add('nick', 'PERSON_NAME')
    expect(one.name('nick')?.infoType).toBe('PERSON_NAME')
  })

  it('reads JSON Schema and directives', () => {
    expect(infoTypeOfJsonSchema({ 'x-data-classification': 'PERSON' }, 'a')).toBe('PERSON_NAME')
    expect(infoTypeOfJsonSchema({ 'x-data-classification': { infoType: 'US_SSN' } }, 'a')).toBe(
      'US_SOCIAL_SECURITY_NUMBER',
    )
    expect(infoTypeOfJsonSchema({ 'x-data-classification': { category: 'PASSPORT' } }, 'a')).toBe('PASSPORT')
    expect(infoTypeOfJsonSchema({}, 'a')).toBeUndefined()
    expect(() => infoTypeOfJsonSchema({ 'x-data-classification': {} }, 'a')).toThrow(ClassificationError)
    const pii = (args: object[]) => [{ directives: [{ name: { value: 'pii' }, arguments: args as never }] }]
    expect(infoTypeOfDirective(pii([{ name: { value: 'infoType' }, value: { value: 'US_SSN' } }]), 'a')).toBe(
      'US_SOCIAL_SECURITY_NUMBER',
    )
    expect(() => infoTypeOfDirective(pii([]), 'a')).toThrow(/has no infoType/)
  })

  it('tells all that a name may stand for, the last said first, and a name of its own takes the default away', () => {
    const one = createClassification({ 'A.ssn': 'GENERIC_ID', 'B.ssn': 'US_SSN', api_key: 'GENERIC_ID' })
    expect(one.named('user_ssn').map(({ coordinate }) => coordinate)).toEqual(['B.ssn', 'A.ssn', 'ssn'])
    expect(one.named('apiKey').map(({ infoType }) => infoType)).toEqual(['GENERIC_ID'])
    expect(one.named('lesson')).toEqual([])
  })
})
