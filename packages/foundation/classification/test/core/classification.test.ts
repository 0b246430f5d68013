import { describe, expect, it } from 'vitest'
import {
  ClassificationError,
  createClassification,
  infoTypeOfDirective,
  infoTypeOfJsonSchema,
} from '../../src/index.ts'
import type { Place } from '../../src/index.ts'

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

  describe('by path', () => {
    const one = createClassification({
      'order.contact.note': 'PERSON_NAME',
      'order.deep.contact.note': 'PASSPORT',
    })
    const under = (...keys: string[]): Place | undefined =>
      keys.reduce<Place | undefined>((above, key) => ({ key, above }), undefined)

    it.each([
      [['order', 'contact'], 'note', ['PERSON_NAME']],
      [['data', 'orders', 'contact'], 'Notes', ['PERSON_NAME']],
      [['customerOrder', 'CONTACT'], 'the_note', ['PERSON_NAME']],
      [['order', 'deep', 'contact'], 'note', ['PASSPORT']],
      [['order'], 'contact.note', ['PERSON_NAME']],
      [[], 'order[contact][note]', ['PERSON_NAME']],
      [[], 'note', []],
      [['contact'], 'note', []],
      [['order', 'contact', 'more'], 'note', []],
      [['contact', 'order'], 'note', []],
      [['order', 'contact'], 'notebook', []],
      [['order', 'contact'], '', []],
    ] as const)('%j %s is %j', (above, key, expected) => {
      expect(one.named(key, under(...above)).map(({ infoType }) => infoType)).toEqual(expected)
      expect(one.at(key, under(...above))).toEqual(one.named(key, under(...above)))
    })

    it('says nothing of a name alone, nor of a field of a type, and is told with the rest', () => {
      expect(one.name('note')).toBeUndefined()
      expect(one.field('contact', 'note')).toBeUndefined()
      expect(one.all().map(({ coordinate }) => coordinate)).toContain('order.contact.note')
    })

    it('holds as it was said last, beside what the name says', () => {
      const other = createClassification({ 'a.b.ssn': 'PASSPORT' })
      other.add('a.b.ssn', 'GENERIC_ID')
      expect(other.named('ssn', under('a', 'b')).map(({ infoType }) => infoType)).toEqual([
        'GENERIC_ID',
        'US_SOCIAL_SECURITY_NUMBER',
      ])
    })

    it.each([
      'order..note',
      '.order.note',
      'order.contact.',
      Array.from({ length: 17 }, () => 'a').join('.'),
    ])('that is none is refused: %s', (path) =>
      expect(() => createClassification({ [path]: 'PERSON_NAME' })).toThrow(ClassificationError),
    )
  })

  it('tells all that a name may stand for, the last said first, and a name of its own takes the default away', () => {
    const one = createClassification({ 'A.ssn': 'GENERIC_ID', 'B.ssn': 'US_SSN', api_key: 'GENERIC_ID' })
    expect(one.named('user_ssn').map(({ coordinate }) => coordinate)).toEqual(['B.ssn', 'A.ssn', 'ssn'])
    expect(one.named('apiKey').map(({ infoType }) => infoType)).toEqual(['GENERIC_ID'])
    expect(one.named('lesson')).toEqual([])
  })
})
