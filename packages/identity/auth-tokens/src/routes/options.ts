import { callback, defineOptions, text } from '@portcullis/kernel'
import type { OptionSet } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import * as v from 'valibot'

/** Whether who sends a request may ask about tokens. Only `true` lets them. */
export type AuthorizeIntrospection = (request: FastifyRequest) => boolean | Promise<boolean>

/** Options of the routes, beside Fastify's own `prefix`. */
export interface AuthRoutesOptions {
  /** Opens `POST /introspect` to whom it returns true for. Default: there is no such route. */
  authorizeIntrospection?: AuthorizeIntrospection | undefined
  /** Where the public keys are, behind the prefix. Default: `/.well-known/jwks.json`. */
  jwksPath?: string | undefined
}

/** {@link AuthRoutesOptions} with their defaults. */
export interface ResolvedAuthRoutesOptions {
  readonly authorizeIntrospection: AuthorizeIntrospection | undefined
  readonly jwksPath: string
}

const PATH = 'a path that begins with /'

/** The options of the routes as a checked set. */
export const authRoutesOptions: OptionSet<ResolvedAuthRoutesOptions> =
  defineOptions<ResolvedAuthRoutesOptions>('authRoutes', {
    authorizeIntrospection: {
      schema: callback<AuthorizeIntrospection>('(request) => true or false'),
      pluginOnly: true,
      doc: 'Adds `POST /introspect`, for requests that it returns true for.',
    },
    jwksPath: {
      schema: v.pipe(
        text(PATH),
        v.check((value) => value.startsWith('/'), PATH),
      ),
      default: '/.well-known/jwks.json',
      pluginOnly: true,
      doc: 'Where the public keys are, behind the prefix.',
    },
  })
