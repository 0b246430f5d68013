import type { FastifyInstance } from 'fastify'
import type { OptionSet } from './options/define-options.ts'
import { stateOf } from './state.ts'

/** One registration of a gate in a scope. */
export interface GateRegistration<Options extends object = object> {
  readonly name: string
  readonly set: OptionSet<Options>
  readonly options: Readonly<Options>
}

/** The registration of a gate that holds in a scope, or its defaults where only those do. */
export function registrationOf(scope: FastifyInstance, name: string): GateRegistration | undefined {
  const { gates, defaults } = stateOf(scope)
  return gates.find(scope, name) ?? defaults.find(scope, name)
}

/**
 * Lets a foundation that a gate loads have options for routes too: its defaults hold until the app registers it.
 * Once for each scope.
 */
export function holdDefaults<Options extends object>(app: FastifyInstance, set: OptionSet<Options>): void {
  const registration: GateRegistration<Options> = { name: set.name, set, options: set.parse({}) }
  stateOf(app).defaults.add(app, set.name, registration)
}
