import { describe, expect, it } from 'vitest'
import { examples, readArguments, start } from '../../scripts/launch/examples.mjs'

const all = examples()

describe('npm run example', () => {
  it('knows every example', () => {
    expect(all.map(({ name }) => name)).toEqual([
      'apollo',
      'existing-server',
      'quickstart',
      'rest-only',
      'shop',
      'yoga',
    ])
  })

  it.each([
    [[], /^Usage: .*\nExamples: apollo, /],
    [['--help'], /^Usage/],
    [['yogurt'], /^There is no example 'yogurt'\.\nUsage/],
    [['../yoga'], /^There is no example '\.\.\/yoga'/],
    [['yoga', '--onse'], /^'--onse' is no argument/],
    [['yoga', '--once', 'twice'], /^'twice' is no argument/],
  ])('says of %j what it takes', (argv, complaint) => {
    expect(readArguments(argv, all)).toEqual({ complaint: expect.stringMatching(complaint) as string })
  })

  it('gives the shop its own arguments', () => {
    expect(readArguments(['shop', '--once', '--without', 'query-cost'], all)).toMatchObject({
      example: { name: 'shop', package: '@portcullis-examples/shop', program: 'dist/main.js' },
      rest: ['--once', '--without', 'query-cost'],
    })
  })

  it.each(all.filter(({ name }) => name !== 'shop'))(
    'starts $name, which ends where it is to run once',
    async (example) => {
      expect(await start(example, ['--once'], { PORT: '0', NODE_ENV: undefined })).toBe(0)
    },
  )

  it('ends as an example ends that does not start', async () => {
    const [example] = all
    if (example === undefined) throw new Error('There is no example')
    expect(await start({ ...example, program: 'nothing.js' }, ['--once'])).toBe(1)
  })
})
