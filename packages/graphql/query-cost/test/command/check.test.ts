import { readFileSync, symlinkSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { Report } from '../../src/command/report.ts'
import { COST_MODEL } from '../../src/core/index.ts'
import { createSandbox, type Sandbox } from './run.ts'

const schema = `
  directive @cost(weight: String!) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  directive @listSize(assumedSize: Int, slicingArguments: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
  type Query {
    users(first: Int = 10): [User!]! me: User logs: [Log]
    one(a: Int, b: Int): [User] @listSize(slicingArguments: ["a", "b"])
    search(text: String @cost(weight: "4"), filter: Filter): User
  }
  input Filter { deep: Boolean @cost(weight: "7") }
  type User { id: ID! name: String! orders(first: Int): [Order!]! } type Order { total: Float! } type Log { line: String }
`
const home = 'query Home { me { id } }'
const feed = 'query Feed($first: Int!) { users(first: $first) { id } }'

let sandbox: Sandbox
const open = (files: Record<string, unknown>): Sandbox =>
  (sandbox = createSandbox({ 'schema.graphql': schema, ...files }))
afterEach(() => sandbox.remove())

const docs = ['@docs', '--schema', '@schema.graphql'] as const

/** What a report says of each operation, in its order. */
const brief = ({ operations }: Report): unknown[] =>
  operations.map(({ document, operation, cost, faults }) => [
    operation ?? document,
    cost,
    ...faults.map(({ code }) => code),
  ])

describe('the report of check', () => {
  it('has the version of the cost model, limits, and the dearest operation first', async () => {
    const { check } = open({ 'docs/home.graphql': home, 'docs/deep/er/feed.gql': feed, 'docs/no.txt': '{' })
    sandbox.write({ 'variables.json': { '*': { first: 30 } } })
    const { code, report } = await check(...docs, '--variables', '@variables.json')
    expect(code).toBe(0)
    expect(report).toEqual({
      costModel: COST_MODEL,
      passed: true,
      limits: { maxCost: 1000, maxTypeCost: null, maxFieldCost: null, maxRise: null },
      operations: [
        {
          document: 'deep/er/feed.gql',
          operation: 'Feed',
          cost: 32,
          fieldCost: 1,
          typeCost: 31,
          introspectionCost: 0,
          approximate: false,
          formula: '2 + $first',
          variables: { first: 'given' },
          faults: [],
        },
        {
          document: 'home.graphql',
          operation: 'Home',
          cost: 3,
          fieldCost: 1,
          typeCost: 2,
          introspectionCost: 0,
          approximate: false,
          formula: null,
          variables: {},
          faults: [],
        },
      ],
      gone: [],
    })
  })

  it('is short as text, and as the README shows it', async () => {
    const { run } = open({
      'docs/feed.graphql':
        'query Feed($n: Int = 40, $x: Boolean!) { users(first: $n) { id orders @include(if: $x) { total } } }',
      'docs/home.graphql': home,
    })
    const { code, output } = await run('check', ...docs, '--max-cost', '100')
    expect(code).toBe(1)
    expect(output.split('\n')).toEqual([
      `cost model ${COST_MODEL}, limit 100: 1 of 2 operations pass`,
      '',
      'FAIL       482  Feed (feed.graphql) = 2 + 12·$n',
      '                QUERY_TOO_EXPENSIVE: costs 482, more than 100',
      '                assumed: $x either way, $n as declared',
      'ok           3  Home (home.graphql)',
    ])
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    expect(readme).toContain(`${output}\n`)
  })

  it('hands no control character of a file on to a terminal', async () => {
    const { run } = open({ 'docs.json': { '\u001B[2Jhash': '{ me { id } }' } })
    const { output } = await run('check', '@docs.json', '--schema', '@schema.graphql')
    expect(output).toContain('ok           3   [2Jhash')
  })
})

describe('documents', () => {
  it('are those of a manifest, of texts by hash, or of one file', async () => {
    const { check } = open({
      'manifest.json': {
        format: 'apollo-persisted-query-manifest',
        version: 1,
        operations: [{ id: 'abc', body: home, name: 'Home', type: 'query' }],
      },
      'hashes.json': { abc: home, def: '{ me { orders(first: 5) { total } } }' },
      'one.graphql': `${home} query Other { logs { line } }`,
    })
    const found = async (file: string): Promise<unknown> =>
      (await check(file, '--schema', '@schema.graphql')).report.operations.map(
        ({ document, operation, cost }) => [document.replace(/^.*\//, ''), operation, cost],
      )
    expect(await found('@manifest.json')).toEqual([['abc', 'Home', 3]])
    expect(await found('@hashes.json')).toEqual([
      ['def', null, 1 + 2 + 1 + 5],
      ['abc', 'Home', 3],
    ])
    expect(await found('@one.graphql')).toEqual([
      ['one.graphql', 'Other', 12],
      ['one.graphql', 'Home', 3],
    ])
  })

  it('share the fragments of a folder, also those that fragments spread', async () => {
    const { check } = open({
      'docs/home.graphql': '#import "./parts.graphql"\nquery Home { me { ...A } }',
      'docs/parts.graphql': 'fragment A on User { id ...B } fragment Unused on User { name }',
      'docs/more.graphql': 'fragment B on User { orders(first: 5) { total } }',
    })
    const { report } = await check(...docs)
    expect(brief(report)).toEqual([['Home', 9]])
  })

  it('take their own fragment before another one of that name, and none that two others disagree about', async () => {
    const { check } = open({
      'docs/a.graphql': 'query A { me { ...F } } fragment F on User { id }',
      'docs/b.graphql': 'query B { me { ...F } } fragment F on User { orders(first: 5) { total } }',
      'docs/c.graphql': 'query C { me { ...F } }',
    })
    const { report } = await check(...docs)
    expect(brief(report)).toEqual([
      ['c.graphql', null, 'INVALID_DOCUMENT'],
      ['B', 9],
      ['A', 3],
    ])
    expect(report.operations[0]?.faults[0]?.message).toBe(
      'fragment "F" is not the same in a.graphql and b.graphql',
    )
  })

  it('fail where the schema does not know what they ask for, and where they cannot be parsed', async () => {
    const { check } = open({
      'docs/unknown.graphql': 'query Unknown { nobody }',
      'docs/broken.graphql': 'query {',
      'docs/home.graphql': home,
    })
    const { code, report } = await check(...docs)
    expect(code).toBe(1)
    expect(brief(report)).toEqual([
      ['broken.graphql', null, 'INVALID_DOCUMENT'],
      ['unknown.graphql', null, 'INVALID_DOCUMENT'],
      ['Home', 3],
    ])
    expect(report.operations[1]?.faults[0]?.message).toBe('Cannot query field "nobody" on type "Query".')
  })

  it('fail where they are nested too deep to be judged, and the others are priced', async () => {
    const deep = (levels: number): string => `{ ${'me { '.repeat(levels)} id ${'}'.repeat(levels)} }`
    const recursive = 'type Query { me: Query id: ID }'
    const { check } = open({
      'schema.graphql': recursive,
      'docs.json': { deep: deep(4000), deeper: deep(100_000), home: deep(1) },
    })
    const { code, report } = await check('@docs.json', '--schema', '@schema.graphql')
    expect(code).toBe(1)
    expect(report.operations.map(({ document, cost, faults }) => [document, cost, faults.length])).toEqual([
      ['deep', null, 1],
      ['deeper', null, 1],
      ['home', 3, 0],
    ])
  })

  it('are not looked for behind links, in hidden folders and in packages', async () => {
    const dear = 'query Dear { users(first: 5000) { id } }'
    const { check, path } = open({
      'docs/home.graphql': home,
      'docs/node_modules/a.graphql': dear,
      'docs/.git/a.graphql': dear,
      'other/a.graphql': dear,
    })
    symlinkSync(path('other'), path('docs/link'))
    expect(brief((await check(...docs)).report)).toEqual([['Home', 3]])
  })
})

describe('variables', () => {
  it('that have to be sent are needed for a price, where they are a size or an input object', async () => {
    const { check, run } = open({
      'docs/feed.graphql': feed,
      'docs/find.graphql': 'query Find($filter: Filter!) { search(filter: $filter) { id } }',
      'docs/text.graphql': 'query Text($text: String!) { search(text: $text) { id } }',
    })
    const { code, report } = await check(...docs)
    expect(code).toBe(1)
    expect(brief(report)).toEqual([
      ['Feed', null, 'VARIABLES_NEEDED'],
      ['Find', null, 'VARIABLES_NEEDED'],
      ['Text', 1 + 1 + 1 + 4], // whatever the text is
    ])
    expect(report.operations.map(({ variables }) => variables)).toEqual([
      { first: 'needed' },
      { filter: 'needed' },
      { text: 'any' },
    ])
    expect((await run('check', ...docs)).output).toContain(
      'FAIL         ?  Feed (feed.graphql) = 2 + $first\n                VARIABLES_NEEDED: give $first in --variables',
    )
  })

  it('come from the operation, else its document, else from all', async () => {
    const names = ['A', 'B', 'C']
    const { check } = open({
      docs: {},
      'hashes.json': Object.fromEntries(names.map((name) => [`hash${name}`, feed.replace('Feed', name)])),
      'variables.json': { '*': { first: 1 }, hashB: { first: 2 }, hashC: { first: 3 }, C: { first: 4 } },
    })
    const { report } = await check(
      '@hashes.json',
      '--schema',
      '@schema.graphql',
      '--variables',
      '@variables.json',
    )
    expect(brief(report)).toEqual([
      ['C', 2 + 4],
      ['B', 2 + 2],
      ['A', 2 + 1],
    ])
  })

  it('that need not be sent are not, or have their default', async () => {
    const { check } = open({
      'docs/a.graphql':
        'query A($n: Int, $o: Int, $x: Boolean = false) { users(first: $n) { id } me @include(if: $x) { orders(first: $o) { total } } }',
    })
    const { report } = await check(...docs)
    expect(report.operations).toMatchObject([
      { cost: 12, formula: '2 + ($n or 10)', variables: { n: 'not sent', x: 'default' } },
    ])
  })

  it('are priced both ways where they are booleans that have to be sent', async () => {
    const source = 'query A($x: Boolean!) { me @include(if: $x) { id } users(first: 5) @skip(if: $x) { id } }'
    const { check } = open({ 'docs/a.graphql': source, 'variables.json': { A: { x: true } } })
    const { report } = await check(...docs)
    expect(report.operations).toMatchObject([{ cost: 1 + 2 + 6, variables: { x: 'both' } }])
    const chosen = await check(...docs, '--variables', '@variables.json')
    expect(chosen.report.operations).toMatchObject([{ cost: 1 + 2, variables: { x: 'given' } }])
  })
})

describe('limits', () => {
  it('are those of the options, and --max-cost goes before', async () => {
    const { check } = open({
      'docs/home.graphql': home,
      'options.json': { maxCost: 8, maxTypeCost: 1, weights: { 'Query.me': 5 } },
    })
    const { code, report } = await check(...docs, '--options', '@options.json')
    expect(code).toBe(1)
    expect(report.operations[0]).toMatchObject({
      cost: 7,
      faults: [{ code: 'QUERY_TOO_EXPENSIVE', message: 'has a type cost of 2, more than 1' }],
    })
    const lower = await check(...docs, '--options', '@options.json', '--max-cost', '6.5')
    expect(lower.report.limits).toEqual({ maxCost: 6.5, maxTypeCost: 1, maxFieldCost: null, maxRise: null })
    expect(lower.report.operations[0]?.faults[0]?.message).toBe('costs 7, more than 6.5')
  })

  it('are passed by what nothing bounds', async () => {
    const { check } = open({
      'docs/a.graphql': 'query A { logs { line } }',
      'options.json': { strict: true },
    })
    const { code, report } = await check(...docs, '--options', '@options.json')
    expect(code).toBe(1)
    expect(report.operations[0]).toMatchObject({
      cost: null,
      faults: [{ code: 'QUERY_TOO_EXPENSIVE', message: 'nothing bounds what it costs' }],
    })
  })

  it('matter no more where the gate would refuse an operation at any price', async () => {
    const { check } = open({
      'docs/a.graphql': 'query A { one { id } }',
      'docs/b.graphql': 'query B { one(a: -1) { id } }',
    })
    const { report } = await check(...docs)
    expect(brief(report)).toEqual([
      ['B', null, 'INVALID_SLICING_VALUE'],
      ['A', 12, 'MISSING_SLICING_ARGUMENT'],
    ])
  })
})
