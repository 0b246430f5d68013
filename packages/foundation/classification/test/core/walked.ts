import { isDeepStrictEqual } from 'node:util'
import { applyStrategy, createClassification, maskUnknown } from '../../src/index.ts'
import type { WalkRules } from '../../src/index.ts'
import { randomOf } from '../random.ts'
import { CANARY, graphOf, snapshot } from './graphs.ts'

const classification = createClassification({ 'User.email': 'EMAIL_ADDRESS' })
const RULES: WalkRules = {
  name: (key) => classification.name(key),
  disclose: ({ infoType }, value) => applyStrategy('partial', infoType, value),
  maxNodes: 400,
  maxDepth: 12,
}

/** Cheaper than comparing values: each part of a snapshot is the same thing as before. */
function isSame(before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true
  if (!Array.isArray(before) || !Array.isArray(after))
    return isDescriptor(before) && isDeepShallow(before, after)
  return before.length === after.length && before.every((one, index) => isSame(one, after[index]))
}

function isDescriptor(value: unknown): value is PropertyDescriptor {
  return typeof value === 'object' && value !== null && 'configurable' in value
}

function isDeepShallow(before: PropertyDescriptor, after: unknown): boolean {
  if (!isDescriptor(after)) return isDeepStrictEqual(before, after)
  return (['value', 'get', 'set', 'enumerable', 'writable', 'configurable'] as const).every((key) =>
    Object.is(before[key], after[key]),
  )
}

/**
 * Walks graphs of seeds and says what was wrong with the first that was: it threw, changed, leaked or cannot be written.
 */
export function faultOf(seed: number): string | undefined {
  const { value, made } = graphOf(randomOf(seed))
  const before = snapshot(made)
  for (const json of [false, true]) {
    try {
      const masked = maskUnknown(value, { ...RULES, json })
      if (!isSame(before, snapshot(made))) return `seed ${seed} was changed (json: ${json})`
      const written = JSON.stringify(masked, (_key, one: unknown) =>
        typeof one === 'bigint' ? `${one}n` : one,
      )
      if (!json && written.includes(CANARY)) return `seed ${seed} leaks: ${written.slice(0, 2000)}`
    } catch (error) {
      return `seed ${seed} threw (json: ${json}): ${String((error as Error).stack)}`
    }
  }
  return undefined
}
