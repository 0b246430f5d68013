import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { chooser } from '../core/chooser.ts'
import { compare, type Engine } from '../core/compare.ts'
import { scenario } from '../core/generate.ts'
import { MUTATIONS, type Mutation } from './list.ts'

const source = join(import.meta.dirname, '../../src/core')
// Inside the package, so that what the engine imports is found.
const folder = join(import.meta.dirname, '../../.cache/mutants', String(process.pid))
const SCHEMAS = 400

/** A copy of the engine with a defect. */
async function mutant({ file, find, replace }: Mutation, index: number): Promise<Engine> {
  const copy = join(folder, String(index))
  await mkdir(copy, { recursive: true })
  await cp(source, copy, { recursive: true })
  const text = await readFile(join(copy, file), 'utf8')
  expect(text.split(find), `${file} has the text exactly once: ${find}`).toHaveLength(2)
  await writeFile(
    join(copy, file),
    text.replace(find, () => replace),
  )
  return (await import(join(copy, 'index.ts'))) as Engine
}

/** The number of the first schema with which the oracle shows a defect. */
function firstDifference(engine?: Engine): number | undefined {
  for (let round = 0; round < SCHEMAS; round++) {
    try {
      compare(scenario(chooser(round), { documents: 2, variables: 3 }), undefined, engine)
    } catch {
      return round
    }
  }
  return undefined
}

describe('seeded defects of the engine', { timeout: 300_000 }, () => {
  const caught: string[] = []
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('are not seen where there are none', () => {
    expect(firstDifference()).toBeUndefined()
  })

  it.each(MUTATIONS.map((mutation, index) => ({ mutation, index })))(
    'are planted: $mutation.name',
    async ({ mutation, index }) => {
      const found = firstDifference(await mutant(mutation, index))
      if (found !== undefined) caught.push(mutation.name)
    },
  )

  it('are caught by the oracle, all but one at most', () => {
    expect(MUTATIONS).toHaveLength(22)
    const missed = MUTATIONS.map(({ name }) => name).filter((name) => !caught.includes(name))
    console.log(`caught ${caught.length} of ${MUTATIONS.length}; missed: ${missed.join('; ') || 'none'}`)
    expect(missed.length, missed.join('; ')).toBeLessThanOrEqual(1)
  })
})
