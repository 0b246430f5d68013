import type { Principal } from '@portcullis/kernel'
import type { StrictCorsOptions } from './options.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Options of strict-cors for this route; `false` switches it off. */
    strictCors?: StrictCorsOptions | false | undefined
  }
}

// A re-exported type keeps the augmentation of the kernel in the published declarations.
export type { Principal }
