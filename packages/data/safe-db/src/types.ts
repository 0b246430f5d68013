import type { Principal } from '@portcullis/kernel'
import type { AppDatabase, Database } from './database.ts'
import type { SafeDbOptions } from './options.ts'

/** What a route's `config.db` may hold. */
export type SafeDbRouteOptions = Pick<
  SafeDbOptions,
  'access' | 'statements' | 'maxRows' | 'requirePrincipal' | 'transaction' | 'audit'
>

declare module 'fastify' {
  interface FastifyInstance {
    /** The database, without the context of a request. */
    readonly db: AppDatabase
  }
  interface FastifyRequest {
    /**
     * The database, with the context of this request.
     *
     * @throws DATABASE_OFF on a route with `config.db: false`
     */
    readonly db: Database
  }
  interface FastifyContextConfig {
    /** Options of safe-db for this route; `false` switches it off. */
    db?: SafeDbRouteOptions | false | undefined
  }
}

// A re-exported type keeps the augmentation of the kernel in the published declarations.
export type { Principal }
