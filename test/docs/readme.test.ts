import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useOf } from '../../scripts/docs/blocks.mjs'
import { clearWorkshop, documentedBlocks, execute, typeCheck, unbuilt } from '../../scripts/docs/examine.mjs'
import { run } from '../../scripts/suite/command.mjs'

const blocks = documentedBlocks()
const executable = blocks.filter((block) => ['run', 'listen'].includes(useOf(block)))

afterAll(clearWorkshop)
beforeAll(() => {
  if (unbuilt().length > 0) throw new Error(`Build first (npx tsc -b): ${unbuilt().join(', ')}`)
})

describe('the documents', () => {
  it('say of every code block how it is used', () => {
    const unknown = blocks.filter((block) => useOf(block) === 'unknown')
    expect(unknown.map(({ file, line, language }) => `${file}:${line} ${language}`)).toEqual([])
  })

  it('have generated tables that are up to date', async () => {
    // In a process of its own: there the packages are the built ones, down to what they import.
    expect(await run(process.execPath, ['scripts/docs.mjs'])).toMatchObject({
      code: 0,
      output: 'the tables are up to date\n',
    })
  })

  it('have TypeScript blocks that compile with the published types', { timeout: 60_000 }, async () => {
    expect(await typeCheck(blocks.filter((block) => useOf(block) === 'check'))).toBeUndefined()
  })

  for (const block of executable) {
    it(`have a working block at ${block.file}:${block.line}`, { timeout: 30_000 }, async () => {
      expect(await execute(block)).toBeUndefined()
    })
  }
})
