import type { FastifyInstance } from 'fastify'

/** One operation as a client means it. */
export interface Operation {
  readonly query: string
  readonly variables?: Record<string, unknown>
  readonly operationName?: string
}

/** A way in which an operation can be sent. */
export type DoorName = 'post' | 'get' | 'batch' | 'prepared' | 'hash' | 'application/graphql'

/** A GraphQL server on Fastify, with the doors it has. */
export interface Server {
  readonly name: string
  readonly doors: readonly DoorName[]
  /** Builds the app; `register` adds the gates where a user would, before the GraphQL server. */
  build(parts: ServerParts): FastifyInstance
}

/** What an app of the harness is made of. */
export interface ServerParts {
  readonly schema: string
  readonly resolvers?: Record<string, Record<string, (...args: never[]) => unknown>>
  readonly register: (app: FastifyInstance) => void
  /** Stored documents by id. */
  readonly stored?: Record<string, string>
  /** Whether the server gets our plugin, where it takes one. Default: true. */
  readonly guarded?: boolean
  /** The route's config. */
  readonly config?: Record<string, unknown>
}
