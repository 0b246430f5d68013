import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeTemplate } from '../../scripts/new-gate/write.mjs'
import { root, run } from '../../scripts/suite/command.mjs'

const folder = 'test/.cache/example-gate'
const files = writeTemplate(folder, 'example-gate')

// The tests that come with a new gate, its contract suite among them, become tests of this file.
for (const file of files.filter((path) => path.endsWith('.test.ts'))) await import(join(root, file))

it('a new gate compiles as it is', { timeout: 60_000 }, async () => {
  const config = join(root, folder, 'tsconfig.check.json')
  const compilerOptions = { composite: false, noEmit: true, allowImportingTsExtensions: true }
  const sources = files.filter((path) => path.endsWith('.ts')).map((path) => join(root, path))
  writeFileSync(
    config,
    JSON.stringify({ extends: '../../../tsconfig.base.json', compilerOptions, files: sources }),
  )
  expect(await run('tsc', ['-p', config, '--pretty', 'false'])).toMatchObject({ code: 0, output: '' })
})
