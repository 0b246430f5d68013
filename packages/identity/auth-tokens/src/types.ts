import type { Principal } from '@portcullis/kernel'
import type { Tokens } from './tokens.ts'

/** What a route may say in its `config.auth`. */
export interface AuthRouteOptions {
  /** Whether the route needs a token. */
  required?: boolean | undefined
  /** What happens to tokens while the list of revocations is too old. */
  onStoreError?: 'closed' | 'open' | undefined
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Issues, verifies and revokes tokens. */
    readonly tokens: Tokens
  }
  interface FastifyContextConfig {
    /** Options of auth-tokens for this route; `false` looks at no token. */
    auth?: AuthRouteOptions | false | undefined
  }
}

// A re-exported type keeps the augmentation of the kernel in the published declarations.
export type { Principal }
