import type { Visitor } from './client.ts'

/** Each attack comes from an address of its own, so that no step pays for another. */
export function attacker(number: number): Visitor {
  return { address: `203.0.113.${number}` }
}
