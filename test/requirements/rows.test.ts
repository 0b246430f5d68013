import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rows } from './rows.ts'

const root = join(import.meta.dirname, '../..')

describe('the requirements', () => {
  it('are the 98 rows of the two guides, each once and in order', () => {
    const ids = [
      ...Array.from({ length: 70 }, (_, index) => `F${index + 1}`),
      ...Array.from({ length: 28 }, (_, index) => `M${index + 1}`),
    ]
    expect(rows.map(({ id }) => id)).toEqual(ids)
  })

  it('name the packages that carry them', () => {
    expect(rows.filter(({ packages }) => packages.length === 0)).toEqual([])
  })

  it('have tests named with their id wherever they are not for later', () => {
    const withoutTest = rows
      .filter(({ state }) => state !== 'later')
      .filter(({ id, tests }) => tests.length === 0 || !tests.every((file) => hasTestOf(id, file)))
      .map(({ id }) => id)
    expect(withoutTest).toEqual([])
  })

  it('list no test for a row that is for later', () => {
    expect(rows.filter(({ state, tests }) => state === 'later' && tests.length > 0)).toEqual([])
  })
})

/** Whether a file has a test, or a group of tests, whose title begins with the row's id. */
function hasTestOf(id: string, file: string): boolean {
  const path = join(root, file)
  if (!existsSync(path)) return false
  return new RegExp(`\\b(?:it|test|describe)\\b[^'"\`\\n]*['"\`]${id}: `).test(readFileSync(path, 'utf8'))
}
