import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { OptionSet } from './options/define-options.ts'
import type { GateRegistration } from './registrations.ts'
import { stateOf } from './state.ts'
import { useKernel } from './use-kernel.ts'

/** What a gate is made of. */
export interface GateDefinition<Options extends object> {
  /** The gate's name: its decorator on the app and its key in a route's `config`, such as `depthLimit`. */
  readonly name: string
  /** The npm name. */
  readonly package: string
  readonly options: OptionSet<Options>
  /** Adds decorators and decisions. The options are checked and frozen; the gate's scope is `app`. */
  readonly register: (app: FastifyInstance, options: Readonly<Options>) => void | Promise<void>
}

/**
 * Makes the Fastify plugin of a gate: loads the kernel, checks the options, refuses a second registration in one scope
 * and makes the gate's route options known.
 */
export function defineGate<Input extends object, Options extends object>(
  gate: GateDefinition<Options>,
): FastifyPluginAsync<Input> {
  const plugin: FastifyPluginAsync<Input> = async (app, input) => {
    useKernel(app)
    const options = gate.options.parse(input)
    const registration: GateRegistration<Options> = { name: gate.name, set: gate.options, options }
    stateOf(app).gates.add(app, gate.name, registration)
    await gate.register(app, options)
  }
  return fp(plugin, { name: gate.package, fastify: '5.x' })
}
