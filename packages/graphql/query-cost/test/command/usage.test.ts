import { afterEach, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox } from './run.ts'

let sandbox: Sandbox
afterEach(() => sandbox.remove())

const files = {
  'schema.graphql': 'type Query { a: Int }',
  'docs/a.graphql': '{ a }',
  'empty/no.txt': '',
  'text.json': 'text',
  'list.json': [],
  'wrong.json': { maxCots: 5 },
  'weights.json': { weights: { 'Query.b': 1 } },
  'variables.json': { Nobody: {} },
  'flat.json': { first: 5 },
  'broken.graphql': 'type Query {',
  'mistyped.graphql': 'type Query { a: Nobody }',
  'twice.graphql': 'type Query { a: Int @x } type A { b: Int } type A { c: Int }',
  'queryless.graphql': 'type A { b: Int }',
}
const schema = ['--schema', '@schema.graphql']

describe('what cannot be checked ends with 2', () => {
  it.each<[string, string[], string]>([
    ['no command', [], '--schema is missing'],
    [
      'an unknown command',
      ['chekc', '@docs', ...schema],
      'the command is check with one folder or file, or lint',
    ],
    ['no documents', ['check', ...schema], 'the command is check with one folder or file, or lint'],
    ['two folders', ['check', '@docs', '@docs', ...schema], 'the command is check with one folder or file'],
    ['documents to lint', ['lint', '@docs', ...schema], 'lint takes no documents'],
    ['options of check to lint', ['lint', ...schema, '--max-cost', '5'], 'lint takes no --max-cost'],
    ['an unknown option', ['check', '@docs', ...schema, '--max', '5'], "Unknown option '--max'"],
    [
      'an unknown format',
      ['check', '@docs', ...schema, '--format', 'xml'],
      '--format takes text or json, got xml',
    ],
    [
      'a limit that is none',
      ['check', '@docs', ...schema, '--max-cost', '5k'],
      '--max-cost takes a number of at least 0, got 5k',
    ],
    [
      'an empty limit',
      ['check', '@docs', ...schema, '--max-cost='],
      '--max-cost takes a number of at least 0',
    ],
    [
      'a negative limit',
      ['check', '@docs', ...schema, '--max-cost=-5'],
      '--max-cost takes a number of at least 0, got -5',
    ],
    ['a rise without a base', ['check', '@docs', ...schema, '--max-rise', '5%'], '--max-rise needs a --base'],
    [
      'a rise without its sign',
      ['check', '@docs', ...schema, '--base', '@list.json', '--max-rise', '5'],
      '--max-rise takes a percentage such as 10%, got 5',
    ],
    ['a folder that does not exist', ['check', '@nowhere', ...schema], 'nowhere does not exist'],
    ['a folder without documents', ['check', '@empty', ...schema], 'empty holds no documents'],
    ['documents that are no JSON', ['check', '@text.json', ...schema], 'text.json is no JSON'],
    [
      'documents in other JSON',
      ['check', '@list.json', ...schema],
      'list.json is neither an Apollo manifest of persisted queries nor',
    ],
    [
      'no such schema',
      ['check', '@docs', '--schema', '@none.graphql'],
      'none.graphql cannot be read (ENOENT)',
    ],
    [
      'a schema that cannot be parsed',
      ['lint', '--schema', '@broken.graphql'],
      'broken.graphql is no schema: Syntax Error',
    ],
    [
      'a schema with an unknown type',
      ['lint', '--schema', '@mistyped.graphql'],
      'mistyped.graphql is no schema: Unknown type "Nobody".',
    ],
    [
      'a schema with a type twice',
      ['lint', '--schema', '@twice.graphql'],
      'twice.graphql is no schema: "A" is defined twice',
    ],
    [
      'a schema without queries',
      ['lint', '--schema', '@queryless.graphql'],
      'is no schema: Query root type must be provided.',
    ],
    ['a wrong option', ['check', '@docs', ...schema, '--options', '@wrong.json'], 'maxCots'],
    [
      'a weight of nothing',
      ['check', '@docs', ...schema, '--options', '@weights.json'],
      'weights["Query.b"]: the schema has no such coordinate',
    ],
    [
      'variables of nobody',
      ['check', '@docs', ...schema, '--variables', '@variables.json'],
      'there are variables for "Nobody", which is no operation',
    ],
    [
      'variables of no operation',
      ['check', '@docs', ...schema, '--variables', '@flat.json'],
      'the file of variables takes an object of objects',
    ],
    [
      'a base that is no report',
      ['check', '@docs', ...schema, '--base', '@list.json'],
      'the base is no report of check with --format json',
    ],
  ])('%s', async (_name, args, message) => {
    sandbox = createSandbox(files)
    const { code, output } = await sandbox.run(...args)
    expect(output).toContain(message)
    expect(code).toBe(2)
  })
})
