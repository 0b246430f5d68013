import { callback, duration, flag, oneOf, text } from '@portcullis/kernel'
import type { Duration, OptionDefinition } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import * as v from 'valibot'
import { quoteSearchPath } from './core/context.ts'
import type { DatabaseContext } from './core/context.ts'
import type { ContextKey } from './core/sign-context.ts'
import type { QueryReport } from './report.ts'

/** What a statement may do. */
export type Access = 'read' | 'write'

/** Tells the database who asks. */
export type Context = (request: FastifyRequest) => DatabaseContext | Promise<DatabaseContext>

/** Tells the database who works when nobody asks. */
export type SystemContext = (reason: string) => DatabaseContext | Promise<DatabaseContext>

/** The key that contexts are signed with. */
export interface SignedContext {
  /** Which of the keys that the database knows: 1 to 32 letters, digits, `_` or `-`. */
  readonly id: string
  /** At least 32 characters. */
  readonly secret: string
  /** How long after it was signed a transaction may begin with it. Default: 30 s. */
  readonly lifetime?: Duration | undefined
}

/** Options that say who asks, what they may do, and who hears of it. */
export interface AskingOptions {
  /** The context of each transaction. Default: settings of the principal. */
  context?: Context | undefined
  /** The context of what `system(reason)` does. Default: none. */
  systemContext?: SystemContext | undefined
  /** Roles that a context may name. Default: none. */
  roles?: readonly string[] | undefined
  /** Schemas in which names without one are looked up, where a context does not say otherwise. Default: the role's. */
  searchPath?: readonly string[] | undefined
  /** Refuses statements that nobody is behind. Default: false. */
  requirePrincipal?: boolean | undefined
  /** Signs the settings of contexts, for servers where anybody may change settings. Default: they are not. */
  signedContext?: SignedContext | undefined
  /** `read` refuses everything that writes. Default: `method`. */
  access?: Access | 'method' | undefined
  /** All statements of a request in one transaction. Default: false. */
  transaction?: boolean | undefined
  /** Whether a write may stay whose event could not be recorded. Default: `best-effort`. */
  audit?: 'best-effort' | 'fail-closed' | undefined
  /** Told of every statement when it is over. Default: nobody. */
  onQuery?: ((report: QueryReport) => void) | undefined
}

/** {@link AskingOptions} with their defaults. */
export interface ResolvedAskingOptions {
  readonly context: Context | undefined
  readonly systemContext: SystemContext | undefined
  readonly roles: readonly string[]
  readonly searchPath: readonly string[] | undefined
  readonly requirePrincipal: boolean
  readonly signedContext: ContextKey | undefined
  readonly access: Access | 'method'
  readonly transaction: boolean
  readonly audit: 'best-effort' | 'fail-closed'
  readonly onQuery: ((report: QueryReport) => void) | undefined
}

const identifier = v.pipe(
  text('a name of at most 63 bytes'),
  v.check(
    (name) =>
      Buffer.byteLength(name) <= 63 && name.isWellFormed() && !name.includes('"') && !name.includes('\u0000'),
    'a name of at most 63 bytes, without quotes',
  ),
)
const roles = v.pipe(
  v.array(identifier, 'an array of names of roles'),
  v.check((names) => !names.includes('none'), "names of roles; 'none' is not one"),
  v.readonly(),
)
const schemas = v.pipe(
  v.array(identifier, 'an array of names of schemas'),
  v.check((names) => {
    try {
      return quoteSearchPath(names) !== ''
    } catch {
      return false
    }
  }, "an array of 1 to 16 names of schemas; those of temporary tables and '$user' are none"),
  v.readonly(),
)
const key = v.strictObject({
  id: v.pipe(text(), v.regex(/^[\w-]{1,32}$/, '1 to 32 letters, digits, _ or -')),
  secret: v.pipe(text(), v.minLength(32, 'at least 32 characters')),
  lifetime: v.optional(duration(), 30_000),
})

/** The definitions of {@link AskingOptions}. */
export const askingOptions: {
  readonly [Name in keyof ResolvedAskingOptions]: OptionDefinition<ResolvedAskingOptions[Name]>
} = {
  context: {
    schema: callback<Context>('(request) => { settings, role, searchPath }'),
    pluginOnly: true,
    doc: 'What each transaction of a request is told of who asks, for policies to read. Without it: the settings `app.current_user_id` and `app.current_tenant_id` of the principal, empty where there is none.',
  },
  systemContext: {
    schema: callback<SystemContext>('(reason) => { settings, role, searchPath }'),
    pluginOnly: true,
    doc: 'The same for what `db.system(reason)` does. Without it: nothing, so that policies see nobody.',
  },
  roles: {
    schema: roles,
    default: [],
    pluginOnly: true,
    doc: 'Roles that a context may name. The app does not start where the login role may not become one, or where one bypasses row-level security.',
  },
  searchPath: {
    schema: schemas,
    pluginOnly: true,
    doc: 'Schemas in which names without one are looked up, where a context does not say otherwise; temporary tables come last. The app does not start where one is missing or anybody may create something in it.',
  },
  requirePrincipal: {
    schema: flag(),
    default: false,
    doc: 'Refuses, before a connection is taken, statements of a request without a principal, and of `app.db`; what has nobody behind it says why with `system(reason)`.',
  },
  signedContext: {
    schema: key,
    pluginOnly: true,
    secret: true,
    doc: 'Signs the settings of contexts, `{ id, secret, lifetime }`, for servers on which `set_config` cannot be revoked: policies read `portcullis.context()`, which `signedContextSql` makes.',
  },
  access: {
    schema: oneOf('read', 'write', 'method'),
    default: 'method',
    doc: '`read` refuses `exec` and writing transactions with 403, `write` allows them. `method`: a request with GET, HEAD or OPTIONS reads; of GraphQL, one whose operations are all queries.',
  },
  transaction: {
    schema: flag(),
    default: false,
    doc: 'Runs all statements of a request in one transaction. It commits before the first byte of a 2xx reply, and rolls back otherwise; a commit that fails is the reply.',
  },
  audit: {
    schema: oneOf('best-effort', 'fail-closed'),
    default: 'best-effort',
    doc: '`fail-closed` rolls a write back whose event no durable subscriber could record, and answers 503; a write takes a second round trip.',
  },
  onQuery: {
    schema: callback<(report: QueryReport) => void>('(report) => void'),
    pluginOnly: true,
    doc: 'Told of every statement when it is over: text with placeholders, fingerprint, times, rows, SQLSTATE; never values. What it throws is logged.',
  },
}
