import { buildASTSchema, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import {
  createCostModel,
  estimateCost,
  InvalidCostModelError,
  type CostModelOptions,
} from '../../src/core/index.ts'

/** Priced as a subgraph is: without the definitions that the federation adds. */
function costOf(sdl: string, options?: CostModelOptions): number {
  const schema = buildASTSchema(parse(sdl), { assumeValidSDL: true })
  return estimateCost(createCostModel(schema, options), parse('{ list dear }')).cost
}

/** Costs 1 for the root, 4 for the field `dear` and 3 times 2 for the scalars of the list, under the names given. */
const schema = (link: string, cost = 'cost', listSize = 'listSize'): string => `
  extend schema ${link}
  type Query { list: [Token] @${listSize}(assumedSize: 3) dear: Int @${cost}(weight: 4) }
  scalar Token @${cost}(weight: 2)
`
const READ = 1 + 4 + 3 * 2

const link = (more: string, specification = 'federation/v2.9'): string =>
  `@link(url: "https://specs.apollo.dev/${specification}"${more})`

describe('names of the directives that a schema imports', () => {
  it.each([
    ['imported from the federation', schema(link(', import: ["@key", "@cost", "@listSize"]'))],
    [
      'imported from the specification of cost',
      schema(link(', import: ["@cost", "@listSize"]', 'cost/v0.1')),
    ],
    [
      'under other names',
      schema(
        link(', import: [{ name: "@cost", as: "@price" }, { name: "@listSize", as: "@size" }]'),
        'price',
        'size',
      ),
    ],
    ['not imported', schema(link(''), 'federation__cost', 'federation__listSize')],
    ['not imported, in a namespace', schema(link(', as: "fed"'), 'fed__cost', 'fed__listSize')],
    ['of the specification of cost, not imported', schema(link('', 'cost/v0.1'), 'cost', 'cost__listSize')],
    [
      'of the specification of cost, in a namespace',
      schema(link(', as: "c"', 'cost/v0.1'), 'c', 'c__listSize'),
    ],
    [
      'of several links',
      schema(`${link('')} ${link(', import: [{ name: "@cost", as: "@price" }]', 'cost/v0.1')}`, 'price'),
    ],
    [
      'of a schema of its own beside a federation that does not import them',
      schema(link(', import: ["@key"]')),
    ],
    ['no link', schema('@other')],
  ])('%s', (_name, sdl) => {
    expect(costOf(sdl)).toBe(READ)
  })

  it('those in the options win', () => {
    const sdl = schema(link(', import: ["@cost", "@listSize"]'), 'mine', 'size')
    expect(costOf(sdl, { directives: { cost: 'mine', listSize: 'size' } })).toBe(READ)
  })

  it.each([
    ['another specification', '@link(url: "https://specs.example.org/federation/v2.9", as: "fed")'],
    ['a link that is none', '@link(url: 5, import: "no", as: "fed")'],
  ])('%s names nothing', (_name, other) => {
    expect(costOf(schema(other, 'fed__cost', 'fed__listSize'))).toBe(1)
  })

  it('a name that another one was given in place of is free for others', () => {
    const renamed = link(', import: [{ name: "@cost", as: "@price" }]', 'cost/v0.1')
    expect(
      costOf(
        `extend schema ${renamed} type Query { list: Int @cost(complexity: 5) dear: Int @price(weight: 4) }`,
      ),
    ).toBe(5)
  })

  it('a wrong weight is told with the name it has', () => {
    const sdl = `extend schema ${link(', import: [{ name: "@cost", as: "@price" }]')} type Query { a: Int @price }`
    expect(() => costOf(sdl)).toThrow(InvalidCostModelError)
    expect(() => costOf(sdl)).toThrow(/Query\.a: @price needs a weight/)
  })
})
