import { contractChecks, contractSuite } from '@portcullis/kernel/testing'
import { describe, expect, it } from 'vitest'
import { contractOf, modelGate } from './model-gate.ts'
import { SABOTEURS } from './saboteurs.ts'

describe('a gate that keeps the contract', () => contractSuite(it, contractOf(modelGate as never)))

describe('the contract suite catches a gate that', () => {
  it.each(SABOTEURS)('$flaw', async ({ plugin, caughtBy }) => {
    const failed: string[] = []
    for (const check of contractChecks(contractOf(plugin))) {
      await check.run().catch(() => failed.push(check.name))
    }
    for (const name of caughtBy) expect(failed.join('\n')).toMatch(name)
  })
})
