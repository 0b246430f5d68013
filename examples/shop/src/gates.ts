import type { FastifyInstance } from 'fastify'

/** The gates that can be left out, to see what they are for. */
export const GATES = ['depth-limit', 'query-cost', 'user-rate-limit'] as const

/** Name of a gate, as `--without` takes it. */
export type Gate = (typeof GATES)[number]

/** What the gates need to know of the shop. */
export interface GateOptions {
  /** Gates to leave out. */
  readonly without: ReadonlySet<Gate>
  /** Redis for shared counters; memory where it is null. */
  readonly redisUrl: string | null
  /** Begins every Redis key, so that two shops on one Redis do not count together. */
  readonly keyPrefix: string
}

/** The gates of the shop, one by one. */
export async function registerGates(_app: FastifyInstance, _options: GateOptions): Promise<void> {}
