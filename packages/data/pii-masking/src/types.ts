import type { Principal } from '@portcullis/kernel'
import type { PiiMaskingOptions } from './options.ts'
import type { Pii, RequestPii } from './plugin.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Masks values for nobody in particular, and tells what is classified. */
    readonly pii: Pii
  }
  interface FastifyRequest {
    /** Masks values for the reader of this request, and tells what was masked and revealed so far. */
    readonly pii: RequestPii
  }
  interface FastifyContextConfig {
    /** Options of pii-masking for this route; `false` switches it off. */
    piiMasking?: Omit<PiiMaskingOptions, 'classify' | 'hashKey'> | false | undefined
  }
}

// A re-exported type keeps the augmentation of the kernel in the published declarations.
export type { Principal }
