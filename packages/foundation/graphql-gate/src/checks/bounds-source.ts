import type { Mode } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { gateStateOf } from '../state.ts'

/** Bounds on what is read before anything parses it. */
export interface Bounds {
  readonly maxBytes?: number | undefined
  readonly maxTokens?: number | undefined
  readonly maxNesting?: number | undefined
  readonly maxBatch?: number | undefined
}

/** Bounds with what a refusal needs to know of the gate that sets them. */
export interface GateBounds extends Bounds {
  readonly mode?: Mode | undefined
  readonly exposeLimits: boolean
}

/** Tells a gate's bounds for the route of a request; `undefined` where the gate is off. */
export type BoundsSource = (request: FastifyRequest) => GateBounds | undefined

/** Tightens the bounds of a scope: the smallest bound of all that hold decides. */
export function tightenBounds(app: FastifyInstance, gate: string, source: BoundsSource): void {
  gateStateOf(app).bounds.add(app, gate, source)
}
