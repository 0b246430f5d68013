import { checksOfOptions } from './checks-of-options.ts'
import { checksOfRequests } from './checks-of-requests.ts'
import { checksOfSetUps } from './checks-of-set-ups.ts'
import type { ContractCheck, GateContract } from './gate-contract.ts'

/** Everything that every gate must do, as named checks: each rejects with an assertion error where the gate does not. */
export function contractChecks(gate: GateContract): readonly ContractCheck[] {
  return [...checksOfSetUps(gate), ...checksOfOptions(gate), ...checksOfRequests(gate)]
}

/**
 * Runs the contract suite over a gate with the test runner's own `it` (vitest, node:test, …).
 *
 * @example
 * describe('contract', () => contractSuite(it, { name: 'depthLimit', plugin: depthLimit, … }))
 */
export function contractSuite(
  it: (name: string, run: () => Promise<void>) => unknown,
  gate: GateContract,
): void {
  for (const check of contractChecks(gate)) it(check.name, check.run)
}
