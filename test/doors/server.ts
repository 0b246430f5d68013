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
  /** Where it takes GraphQL over WebSocket, when it is built with `sockets`. */
  readonly socketPath: string
  /** Builds the app; `register` adds the gates where a user would, before the GraphQL server. */
  build(parts: ServerParts): FastifyInstance
}

/** What an app of the harness is made of. */
export interface ServerParts {
  readonly schema: string
  /** Resolvers by type and field; those of Subscription make the source stream. */
  readonly resolvers?: Record<string, Record<string, (...args: never[]) => unknown>>
  readonly register: (app: FastifyInstance) => void
  /** Stored documents by id. */
  readonly stored?: Record<string, string>
  /** Whether it takes GraphQL over WebSocket as well. Default: false. */
  readonly sockets?: boolean
  /** Whether it takes uploads, where it can. Default: false. */
  readonly uploads?: boolean
  /** Whether documents can be stored by sending text and hash together. Default: false. */
  readonly automatic?: boolean
  /** Whether the server gets our plugin, where it takes one. Default: true. */
  readonly guarded?: boolean
  /** The route's config. */
  readonly config?: Record<string, unknown>
}
