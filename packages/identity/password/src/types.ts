import type { Passwords } from './passwords.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Hashes, compares and judges passwords. */
    readonly passwords: Passwords
  }
}

export type { Principal } from '@portcullis/kernel'
