import { describe, expect, it } from 'vitest'
import { findInText, FORMATS, INFO_TYPES } from '../../../src/index.ts'
import type { Format, InfoType } from '../../../src/index.ts'
import { randomOf } from '../../random.ts'
import type { Random } from '../../random.ts'
import { ORACLES } from './oracles.ts'

const DIGITS = '0123456789'
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const FEW = 5
const MANY = 20
const MOST_TRIES = 400_000
const SAMPLES = 20_261_122

/** Where few numbers of a shape could be of its kind, what they begin with. */
const BEGINNINGS: Partial<Record<InfoType, readonly string[]>> = {
  CREDIT_CARD_NUMBER: ['4', '51', '2221', '34', '36', '3528', '62', '65'],
  CHINA_RESIDENT_ID_NUMBER: ['11010519491231', '440308199901010', '320311197707070'],
  FINLAND_NATIONAL_ID_NUMBER: ['131052', '010190', '290288'],
  ICCID_NUMBER: ['89'],
  ITALY_FISCAL_CODE: ['RSSMRA85T10A56', 'BNCLRA90A41F20', 'VRDGPP70C15H50'],
  MEXICO_CURP_NUMBER: [
    'GOMC850412HDFRRN0',
    'BOXW310820HNERXN0',
    'HEGG560427MVZRRL0',
    'MARR990101MJCRSD0',
    'PELA010203HNLRPNA',
  ],
  IRELAND_PPSN: ['1234567TA', '12345', '7654321'],
  NEW_ZEALAND_IRD_NUMBER: ['1'],
  SWITZERLAND_SOCIAL_SECURITY_NUMBER: ['756'],
  US_INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER: ['9'],
  SINGAPORE_NATIONAL_REGISTRATION_ID_NUMBER: ['S', 'T', 'F', 'G', 'M'],
  SPAIN_NIE_NUMBER: ['X', 'Y', 'Z'],
  SPAIN_CIF_NUMBER: ['A', 'B', 'H', 'J', 'Q', 'P'],
  SWEDEN_NATIONAL_ID_NUMBER: ['850412', '19850412', '640823', '20010203'],
  KOREA_RRN: ['9701011', '8504122', '6408231'],
  NORWAY_NI_NUMBER: ['010190', '151086', '290296'],
  POLAND_PESEL_NUMBER: ['440514', '850412', '02270803'],
  SOUTH_AFRICA_ID_NUMBER: ['850412500908', '750303000008', '640823400000'],
  FRANCE_NIR: ['1850578006084', '2691199', '295109912611', '1840544'],
  FRANCE_TAX_IDENTIFICATION_NUMBER: ['0701987765', '3023217600', '12', '05', '2'],
  DATE_OF_BIRTH: ['19', '20'],
  DENMARK_CPR_NUMBER: ['0101', '1504', '3112', '2902'],
  INDIA_GST_INDIVIDUAL: [
    '27AAPFU0939F1Z',
    '29AAGCB7383J1Z',
    '07AAACB2894G1Z',
    '33AAACH7409R1Z',
    '24AAACC1206D1Z',
  ],
  US_DEA_NUMBER: ['AB', 'MR', 'FS'],
  CZECHIA_PERSONAL_ID_NUMBER: ['710319', '850412', '915609'],
  UK_NATIONAL_INSURANCE_NUMBER: ['AB', 'QQ', 'JG', 'HH'],
  SWIFT_CODE: ['DEUTDE', 'NEDSZA', 'BNPAFR', 'CHASUS', 'UBSWCH', 'DEUTXX', 'BNPAQQ'],
}

/** A number of a shape that begins so, and the same without its signs. */
function draw(random: Random, shape: string, beginning: string): { written: string; compact: string } {
  let written = ''
  let compact = ''
  for (const { 1: sign = '', 2: times } of shape.matchAll(/([^0-9])([0-9]*)/g)) {
    for (let time = 0; time < Number(times === '' ? '1' : times); time++) {
      const alphabet = { d: DIGITS, A: LETTERS, X: DIGITS + LETTERS }[sign]
      const char = alphabet === undefined ? sign : (beginning[compact.length] ?? random.text(1, alphabet))
      written += char
      if (alphabet !== undefined) compact += char
    }
  }
  return { written, compact }
}

/** Shapes that the oracle reads; a date may be written in more ways than one. */
function shapesOf({ infoType, alone = [], named = [] }: Format): readonly string[] {
  const all = [...alone, ...named]
  if (infoType === 'DATE_OF_BIRTH') return all.filter((shape) => shape.startsWith('d4') || shape === 'd8')
  return infoType === 'MAC_ADDRESS' ? all : all.filter((shape) => !shape.includes('+'))
}

/** Numbers of a format that its oracle takes, and others that it does not take. */
function samples(format: Format): { valid: string[]; invalid: string[] } {
  const oracle = ORACLES[format.infoType]
  // Always the same samples: the checks of others differ from each other, and from ours, in corners of some formats.
  const random = randomOf(SAMPLES)
  const [valid, invalid]: [string[], string[]] = [[], []]
  if (oracle === undefined) return { valid, invalid }
  for (let tries = 0; tries < MOST_TRIES && (valid.length < MANY || invalid.length < MANY); tries++) {
    const { written, compact } = draw(
      random,
      random.of(shapesOf(format)),
      random.of(BEGINNINGS[format.infoType] ?? ['']),
    )
    // The sign says the century.
    const asked = /^(FIN|SWE)/.test(format.infoType) ? written : compact
    const into = oracle(asked) ? valid : invalid
    if (into.length < MANY && !into.includes(written)) into.push(written)
  }
  return { valid, invalid }
}

const found = (text: string): InfoType[] => findInText(text).map(({ infoType }) => infoType)

const checked = FORMATS.filter(({ infoType }) => ORACLES[infoType] !== undefined)

describe('the formats', () => {
  it('are at least 40 kinds, of which at least 30 are checked, each with a source', () => {
    const kinds = new Set(FORMATS.map(({ infoType }) => infoType))
    expect(kinds.size).toBeGreaterThanOrEqual(40)
    expect(new Set(checked.map(({ infoType }) => infoType)).size).toBeGreaterThanOrEqual(30)
    for (const { infoType, source } of FORMATS) {
      expect(INFO_TYPES).toContain(infoType)
      expect(source.length).toBeGreaterThan(20)
    }
  })

  describe.each(checked)('$infoType', (format) => {
    const { valid, invalid } = samples(format)
    const [word = ''] = format.words ?? []

    it('finds what somebody else takes for one', () => {
      expect(valid.length).toBeGreaterThanOrEqual(FEW)
      for (const one of valid) {
        const text = `${word}: ${one}.`
        expect(findInText(text), text).toContainEqual({
          infoType: format.infoType,
          start: text.indexOf(one),
          end: text.indexOf(one) + one.length,
        })
      }
    })

    it('leaves what somebody else does not take for one', () => {
      const hasNone = format.infoType === 'MAC_ADDRESS' && invalid.length === 0
      if (!hasNone) expect(invalid.length).toBeGreaterThanOrEqual(FEW)
      for (const one of invalid) expect(found(`${word}: ${one}.`), one).not.toContain(format.infoType)
    })

    it('leaves what only comes near to one', () => {
      const alone = (format.alone ?? []).length > 0
      for (const one of valid.slice(0, FEW)) {
        const near = [
          `${word} ${one}x9qz`,
          `${word} q7${one}`,
          `${word} 9-${one}`,
          `${word} ${one}_1`,
          alone ? `${word} 9.${one}` : `${word} ${'and so on '.repeat(8)}${one}`,
          alone ? `${word} ${one}-7` : `it is ${one}`,
        ]
        for (const text of near) expect(found(text), text).not.toContain(format.infoType)
      }
    })
  })
})
