import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import {
  defineOptions,
  duration,
  either,
  finite,
  flag,
  integer,
  members,
  oneOf,
  record,
  text,
} from '../../src/index.ts'
import type { Duration } from '../../src/index.ts'

interface Sample {
  readonly max: number
  readonly window: number
  readonly mode: string
  readonly secret: string | undefined
  readonly weights: Readonly<Record<string, number | { readonly cost: number }>>
}

const options = defineOptions<Sample>(
  'sample',
  {
    max: { schema: integer(1, 100), default: 10, doc: 'Most of it.' },
    window: { schema: duration(), default: '1m', doc: 'How long.' },
    mode: { schema: oneOf('on', 'off'), default: 'on', doc: 'Whether.' },
    secret: { schema: text(), secret: true, pluginOnly: true, doc: 'A key.' },
    weights: {
      schema: record(
        either(finite(0), members({ cost: finite(0) }), 'a number or { cost }'),
        'weights by name',
      ),
      default: {},
      doc: 'Weights | by name.',
    },
  },
  { check: ({ max, mode }) => (mode === 'off' && max > 50 ? "max above 50 needs mode 'on'" : undefined) },
)

function complaint(input: unknown): string {
  try {
    options.parse(input)
  } catch (error) {
    expect(error).toMatchObject({ code: 'PORTCULLIS_KERNEL_INVALID_OPTIONS' })
    return (error as Error).message
  }
  throw new Error('these options should have been refused')
}

describe('defineOptions', () => {
  it('fills in defaults, converts and freezes', () => {
    const parsed = options.parse({ secret: undefined })
    expect(parsed).toMatchObject({ max: 10, window: 60_000, mode: 'on', weights: {} })
    expect(Object.isFrozen(parsed)).toBe(true)
    expect(options.parse(undefined)).toMatchObject({ max: 10 })
  })

  it.each([
    [{ max: 0 }, 'sample.max: got 0 (number), takes a whole number from 1 to 100.'],
    [{ max: 1.5 }, 'sample.max: got 1.5 (number), takes a whole number from 1 to 100.'],
    [{ max: Number.NaN }, 'sample.max: got NaN (number), takes a whole number from 1 to 100.'],
    [{ max: '5' }, "sample.max: got '5' (string), takes a whole number from 1 to 100."],
    [{ max: null }, 'sample.max: got null, takes a whole number from 1 to 100.'],
    [
      { mx: 5 },
      "sample.mx is not an option. Did you mean 'max'? It takes: max, window, mode, secret, weights.",
    ],
    [{ zebra: 5 }, 'sample.zebra is not an option. It takes: max, window, mode, secret, weights.'],
    [{ mode: 'of' }, "sample.mode: got 'of' (string), takes 'on' or 'off'."],
    [
      { window: '5 minutes' },
      "takes whole milliseconds or a string like '30s', '15m', '1h', '7d', from 1 ms to 400 days.",
    ],
    [{ window: 0.5 }, 'got 0.5 (number)'],
    [{ weights: { a: -1 } }, 'sample.weights.a: got -1 (number), takes a finite number of at least 0.'],
    [
      { weights: { a: { cost: 1, csot: 1 } } },
      "sample.weights.a.csot is not an option. Did you mean 'cost'? It takes: cost.",
    ],
    [{ weights: [] }, 'sample.weights: got an array of 0'],
    [{ mode: 'off', max: 60 }, "sample: max above 50 needs mode 'on'"],
    ['nonsense', 'sample: got a value of type string, takes a plain object of options.'],
    [[], 'sample: got an array'],
    [new Map([['max', 5]]), 'sample: got a value of type object'],
    [Object.create({ max: 5 }), 'sample: got a value of type object'],
    [{ weights: new Map([['a', 1]]) }, 'sample.weights: got an instance of Map, takes weights by name.'],
    [
      { weights: { a: new Map([['cost', 1]]) } },
      'sample.weights.a: got an instance of Map, takes a number or { cost }.',
    ],
    [{ weights: new Date() }, 'sample.weights: got an instance of Date'],
    [
      { weights: { constructor: 1 } },
      'sample.weights: got an object, takes names other than __proto__, constructor, prototype.',
    ],
    [{ weights: JSON.parse('{"__proto__": 1}') as object }, 'sample.weights: got'],
  ])('refuses %j and says why', (input, message) => {
    expect(complaint(input)).toContain(message)
  })

  it('tells everything that is wrong at once', () => {
    expect(complaint({ max: 0, mode: 'x', other: 1 }).split('\n')).toHaveLength(3)
  })

  it('never prints a secret', () => {
    expect(complaint({ secret: ['hunter2'] })).not.toContain('hunter2')
    expect(complaint({ secret: 4711 })).toContain('a number (not shown)')
  })

  it('never prints long strings', () => {
    expect(complaint({ mode: 'x'.repeat(500) })).toContain('a string of 500 characters')
  })

  it('lays route options over the plugin’s, and only those a route may set', () => {
    const plugin = options.parse({ max: 20 })
    expect(options.parseRoute(plugin, { mode: 'off' })).toMatchObject({ max: 20, mode: 'off' })
    expect(options.parseRoute(plugin, { max: undefined })).toMatchObject({ max: 20 })
    expect(() => options.parseRoute(plugin, { secret: 'x' })).toThrow('sample.secret is not an option')
    expect(() => options.parseRoute(plugin, true)).toThrow('sample')
    expect(() => options.parseRoute(options.parse({ max: 60 }), { mode: 'off' })).toThrow('max above 50')
  })

  it('is not confused by names that every object has', () => {
    expect(complaint(JSON.parse('{"constructor": 1}'))).toContain('sample.constructor is not an option')
    expect(complaint({ toString: 1 })).toContain('sample.toString is not an option')
  })

  it('prints the table for the README', () => {
    expect(options.table().split('\n')).toEqual([
      '| option | takes | default | per route | what it does |',
      '| --- | --- | --- | --- | --- |',
      '| `max` | a whole number from 1 to 100 | `10` | yes | Most of it. |',
      expect.stringContaining("| `window` | whole milliseconds or a string like '30s'"),
      "| `mode` | 'on' or 'off' | `'on'` | yes | Whether. |",
      '| `secret` | a string that is not empty | – | no | A key. |',
      '| `weights` | weights by name | `{}` | yes | Weights | by name. |',
    ])
  })
})

describe('duration', () => {
  it.each<[Duration, number]>([
    [1, 1],
    ['500ms', 500],
    ['30s', 30_000],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
  ])('%j is %i ms', (input, output) => {
    expect(v.parse(duration(), input)).toBe(output)
  })

  it.each([
    0,
    -5,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '5',
    'm',
    '-5m',
    '1.5h',
    '1w',
    ' 5m',
    '401d',
    null,
    {},
  ])('refuses %j', (input) => {
    expect(v.safeParse(duration(), input).success).toBe(false)
  })
})

describe('flag', () => {
  it('takes booleans only', () => {
    expect(v.safeParse(flag(), 'true').success).toBe(false)
    expect(v.safeParse(flag(), false).success).toBe(true)
  })
})
