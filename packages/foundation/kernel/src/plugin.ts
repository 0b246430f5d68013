import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { DuplicateRegistrationError } from './errors.ts'
import { kernelOptions } from './options.ts'
import type { KernelOptions } from './options.ts'
import { identifyBy } from './principal.ts'
import { stateOf } from './state.ts'
import { useKernel } from './use-kernel.ts'

const plugin: FastifyPluginAsync<KernelOptions> = async (app, input) => {
  const options = kernelOptions.parse(input)
  useKernel(app)
  const state = stateOf(app)
  if (options.identify !== undefined) identifyBy(app, options.identify)
  for (const key of ['environment', 'instances'] as const) {
    const value = options[key]
    if (value === undefined) continue
    if (state[key] !== undefined) throw new DuplicateRegistrationError(`The kernel option '${key}'`)
    Object.assign(state, { [key]: value })
  }
  if (options.now !== undefined) state.now = options.now
}

/**
 * The kernel, for apps that want to tell it something: who asks (`identify`, per scope), where the app runs
 * (`environment`) and how many instances share the load (`instances`). Gates load it by themselves; register it before
 * or after them.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION
 */
export const kernel: FastifyPluginAsync<KernelOptions> = fp(plugin, {
  name: '@portcullis/kernel',
  fastify: '5.x',
})
