import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useOf } from '../../scripts/docs/blocks.mjs'
import { clearWorkshop, documentedBlocks, execute, typeCheck, unbuilt } from '../../scripts/docs/examine.mjs'
import { checkTables } from '../../scripts/docs/tables.mjs'

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
    expect(await checkTables()).toEqual([])
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
