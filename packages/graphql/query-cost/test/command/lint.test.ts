import { afterEach, describe, expect, it } from 'vitest'
import { COST_MODEL } from '../../src/core/index.ts'
import { createSandbox, type Sandbox } from './run.ts'

let sandbox: Sandbox
const open = (schema: string, options: unknown = {}): Sandbox =>
  (sandbox = createSandbox({ 'schema.graphql': schema, 'options.json': options }))
afterEach(() => sandbox.remove())

const files = ['--schema', '@schema.graphql', '--options', '@options.json'] as const

const DIRECTIVES = `
  directive @cost(weight: String!) on FIELD_DEFINITION
  directive @listSize(assumedSize: Int, slicingArguments: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
`

describe('lint', () => {
  it('lists the lists that nothing bounds and the sizes taken from names, and passes', async () => {
    const schema =
      'type Query { logs: [Log] users(first: Int): Users } type Log { line: String } type Users { nodes: [Log] }'
    const { code, report } = await open(schema).lint(...files)
    expect(code).toBe(0)
    expect(report).toEqual({
      costModel: COST_MODEL,
      passed: true,
      problems: [],
      departures: [],
      unbounded: ['Query.logs'],
      inferred: [{ coordinate: 'Query.users', slicingArguments: ['first'], sizedFields: ['nodes'] }],
    })
    expect((await sandbox.run('lint', ...files)).output.split('\n')).toEqual([
      `cost model ${COST_MODEL}: nothing is wrong`,
      '',
      'Lists that only defaultListSize bounds:',
      '  Query.logs',
      '',
      'List sizes taken from names, to be reviewed:',
      '  Query.users: first for nodes',
    ])
  })

  it('fails for lists that nothing bounds where the options are strict', async () => {
    const { run } = open('type Query { logs: [Log] } type Log { line: String }', { strict: true })
    expect((await run('lint', ...files)).code).toBe(1)
    sandbox.write({ 'options.json': { strict: true, weights: { 'Query.logs': { listSize: 5 } } } })
    expect((await run('lint', ...files)).code).toBe(0)
  })

  it('lists all that cannot be used', async () => {
    const schema = `${DIRECTIVES}
      type Query { a: Int @cost(weight: "dear") b: Int @listSize(assumedSize: 5) }
      interface I { c: Int @cost(weight: "1") } type T implements I { c: Int }`
    const { code, report } = await open(schema, { weights: { 'Query.z': 1 } }).lint(...files)
    expect(code).toBe(1)
    expect(report.problems.map(({ coordinate }) => coordinate).toSorted()).toEqual([
      'I.c',
      'Query.a',
      'Query.b',
      'weights["Query.z"]',
    ])
    expect((await sandbox.run('lint', ...files)).output).toContain(
      `cost model ${COST_MODEL}: 4 to mend\n\nCannot be used:\n`,
    )
  })

  it('fails for what departs from the specification', async () => {
    const schema = `${DIRECTIVES} type Query { a(n: Int = 5): [Int] @listSize(slicingArguments: ["n"], assumedSize: 9) }`
    const { code, output } = await open(schema).run('lint', ...files)
    expect(code).toBe(1)
    expect(output.split('\n').slice(0, 5)).toEqual([
      `cost model ${COST_MODEL}: 2 to mend`,
      '',
      'Not as the specification has it (section 9):',
      '  Query.a: assumedSize beside slicingArguments should have requireOneSlicingArgument: false',
      '  Query.a: assumedSize is in vain: slicing argument "n" has a default',
    ])
  })

  it('reads the schema of a subgraph, which defines neither directives nor the types it extends', async () => {
    const schema = `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@cost", { name: "@listSize", as: "@size" }])
      extend type Query { logs: [Log] @size(assumedSize: 5) more: [Log] }
      extend type Query { dear: Int @cost(weight: 5) }
      type Log @key(fields: "id") { id: ID! }`
    const { code, report } = await open(schema).lint(...files)
    expect(code).toBe(0)
    expect(report.unbounded).toEqual(['Query.more'])
    sandbox.write({ 'docs.graphql': '{ logs { id } dear }' })
    const { output } = await sandbox.run('check', '@docs.graphql', '--schema', '@schema.graphql')
    expect(output).toContain('ok          12  ') // root, logs and five of them, dear
  })
})
