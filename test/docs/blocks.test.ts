import { afterAll, describe, expect, it } from 'vitest'
import { codeBlocks, useOf } from '../../scripts/docs/blocks.mjs'
import { clearWorkshop, execute, typeCheck } from '../../scripts/docs/examine.mjs'
import { fillIn } from '../../scripts/docs/tables.mjs'

const block = (info: string, code: string) => {
  const [found] = codeBlocks('docs/blocks-test.md', `\`\`\`${info}\n${code}\n\`\`\`\n`)
  if (found === undefined) throw new Error('no block')
  return found
}

afterAll(clearWorkshop)

describe('code blocks', () => {
  it('are found with their line, language and tags', () => {
    const markdown = 'text\n\n```js run\nconst a = 1\n```\n\n````text\n```js\nnot a block\n```\n````\n'
    expect(codeBlocks('a.md', markdown)).toEqual([
      { file: 'a.md', line: 4, language: 'js', tags: ['run'], code: 'const a = 1\n' },
      { file: 'a.md', line: 8, language: 'text', tags: [], code: '```js\nnot a block\n```\n' },
    ])
  })

  it('that are not closed are an error', () => {
    expect(() => codeBlocks('a.md', '```js run\nconst a = 1\n')).toThrow('a.md:2: a code block is not closed')
  })

  it.for([
    ['js run', 'run'],
    ['js listen', 'listen'],
    ['ts', 'check'],
    ['sh', 'read'],
    ['js', 'unknown'],
    ['javascript run', 'unknown'],
    ['', 'unknown'],
  ])('marked "%s" are used as: %s', ([info, use]) => {
    expect(useOf(block(info ?? '', ''))).toBe(use)
  })
})

describe('executing a block', () => {
  it('passes when it ends by itself', async () => {
    expect(
      await execute(block('js run', 'if (process.env.NODE_ENV !== undefined) throw new Error("set")')),
    ).toBeUndefined()
  })

  it('fails with the place and the message when it throws', async () => {
    expect(await execute(block('js run', 'throw new Error("wrong example")'))).toMatch(
      /docs\/blocks-test\.md:2: exit code 1[\s\S]*wrong example/,
    )
  })

  it('lets a server listen on a port of its own, and demands one', async () => {
    const server = `import Fastify from 'fastify'\nawait Fastify().listen({ port: 1 })`
    expect(await execute(block('js listen', server))).toBeUndefined()
    expect(await execute(block('js listen', 'await 1'))).toMatch(/no server is listening/)
  })
})

describe('type-checking blocks', () => {
  it('reports a wrong type at its place in the document', { timeout: 60_000 }, async () => {
    const complaints = await typeCheck([block('ts', 'const a = 1\nconst b: string = a')])
    expect(complaints).toMatch(/docs\/blocks-test\.md:3: error TS2322/)
  })
})

describe('generated tables', () => {
  const tables = { options: '| a |', errors: '| b |' }

  it('replace what stands between their markers', () => {
    const before =
      '<!-- options:start -->\nold\n<!-- options:end -->\n<!-- errors:start --><!-- errors:end -->\n'
    const { text, missing } = fillIn(before, tables)
    expect(missing).toEqual([])
    expect(text).toBe(
      '<!-- options:start -->\n\n| a |\n\n<!-- options:end -->\n<!-- errors:start -->\n\n| b |\n\n<!-- errors:end -->\n',
    )
    expect(fillIn(text, tables).text).toBe(text)
  })

  it('need markers, unless there is no such table', () => {
    expect(fillIn('# Gate\n', tables).missing).toEqual(['options', 'errors'])
    expect(fillIn('# Gate\n', { options: undefined })).toEqual({ text: '# Gate\n', missing: [] })
  })
})
