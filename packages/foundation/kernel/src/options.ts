import type { Environment } from './environment.ts'
import { defineOptions } from './options/define-options.ts'
import type { OptionSet } from './options/define-options.ts'
import { callback, integer, oneOf } from './options/scalars.ts'
import type { Identify } from './principal.ts'

/** Options of the kernel. */
export interface KernelOptions {
  /** Tells who sends a request. The nearest scope's holds. Default: everybody is anonymous. */
  identify?: Identify | undefined
  /** Where the app runs. Default: production, unless `NODE_ENV` is `development` or `test`. */
  environment?: Environment | undefined
  /** How many instances of the app share the load. Default: 1. */
  instances?: number | undefined
  /** The clock, in milliseconds since the epoch. Default: `Date.now`. */
  now?: (() => number) | undefined
}

/** The kernel's options as a checked set. */
export const kernelOptions: OptionSet<KernelOptions> = defineOptions<KernelOptions>('kernel', {
  identify: {
    schema: callback<Identify>('(request) => { id, kind, tenantId, roles, permissions } or null'),
    pluginOnly: true,
    doc: 'Tells who sends a request, from the authentication the app has. The nearest scope’s holds; without one everybody is anonymous.',
  },
  environment: {
    schema: oneOf('production', 'development', 'test'),
    pluginOnly: true,
    doc: 'Where the app runs. Without it: production, unless `NODE_ENV` is `development` or `test`.',
  },
  instances: {
    schema: integer(1, 10_000),
    pluginOnly: true,
    doc: 'How many instances of the app share the load.',
  },
  now: {
    schema: callback<() => number>('() => milliseconds since the epoch'),
    pluginOnly: true,
    doc: 'The clock, for tests.',
  },
})
