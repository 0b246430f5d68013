import { describe, expect, it } from 'vitest'
import { editDistance, nearestName } from '../../src/options/suggest.ts'

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'acb', 1],
    ['abc', 'ab', 1],
    ['kitten', 'sitting', 3],
    ['maxDepth', 'depthMax', 4],
  ])('%s → %s is %i, capped at 3', (a, b, distance) => {
    expect(editDistance(a, b, 3)).toBe(Math.min(distance, 4))
  })

  it('does not compare very long names', () => {
    expect(editDistance('a'.repeat(65), 'a'.repeat(65), 2)).toBe(3)
  })
})

describe('nearestName', () => {
  const names = ['maxDepth', 'maxAliases', 'mode']
  it.each([
    ['maxdepth', 'maxDepth'],
    ['maxAlias', 'maxAliases'],
    ['mdoe', 'mode'],
    ['colour', undefined],
    ['', undefined],
  ])('%s means %s', (typed, meant) => {
    expect(nearestName(typed, names)).toBe(meant)
  })
})
