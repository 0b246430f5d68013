/**
 * The fixed order of decisions: stages of Fastify's lifecycle, and phases within each. Registration order never
 * changes it.
 */
export const PHASES = {
  onRequest: ['origin', 'address', 'identity', 'permission', 'principal'],
  preValidation: ['bounds'],
  preHandler: ['operation', 'resource', 'intent'],
} as const

/** A stage of Fastify's request lifecycle in which gates decide. */
export type Stage = keyof typeof PHASES

/** The stages in the order in which a request passes them. */
export const STAGES = Object.keys(PHASES) as readonly Stage[]

/** A phase of a stage. */
export type Phase<S extends Stage = Stage> = (typeof PHASES)[S][number]

/** The rank of a phase within its stage, from 0. */
export function rankOf(stage: Stage, phase: Phase): number {
  return (PHASES[stage] as readonly Phase[]).indexOf(phase)
}
