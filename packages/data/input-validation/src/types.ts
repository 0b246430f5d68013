import type { Principal } from '@portcullis/kernel'
import type { InputValidationOptions } from './options.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Options of input-validation for this route; `false` switches it off. */
    inputValidation?: InputValidationOptions | false | undefined
  }
}

// A re-exported type keeps the augmentation of the kernel in the published declarations.
export type { Principal }
