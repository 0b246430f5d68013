import {
  callback,
  defineOptions,
  duration,
  flag,
  integer,
  isPlainObject,
  members,
  mode,
  record,
  text,
} from '@portcullis/kernel'
import type { Duration, Mode, OptionSet } from '@portcullis/kernel'
import type { FastifyContextConfig } from 'fastify'
import type { GraphQLSchema } from 'graphql'
import * as v from 'valibot'
import { knowDocuments, manifestProblem } from './core/trusted-documents.ts'
import type { DocumentSource, KnownDocuments } from './core/trusted-documents.ts'

/** What is told of a GraphQL route that cannot carry a `config` of its own: that config, and the schema. */
export interface DoorSettings extends Omit<FastifyContextConfig, 'graphql'> {
  /** The schema, for gates that need one. mercurius' own is found by itself. */
  readonly schema?: GraphQLSchema | undefined
}

/** Finds the text of a stored document by its hash or id; `undefined` when there is none. */
export type PersistedQuery = (hash: string) => string | undefined | Promise<string | undefined>

/** Which documents may run where only known ones may. */
export interface TrustedDocumentsOptions {
  /** A manifest, `{ [hash]: text }` or the file that Apollo writes; or a function that finds a text by its hash. */
  documents: DocumentSource
  /** Principals with one of these roles may send any document. Default: none. */
  exceptRoles?: readonly string[] | undefined
  /** `measure` reports what would be refused and refuses nothing. Default: `enforce`. */
  mode?: Mode | undefined
}

/** {@link TrustedDocumentsOptions} as they are used. */
export interface TrustedDocuments extends KnownDocuments {
  readonly exceptRoles: readonly string[]
  readonly mode: Mode
}

/** Who may ask for the schema: everybody, nobody, or principals with one of the roles. */
export type Introspection = boolean | { readonly roles: readonly string[] }

/** Options of graphql-gate: what belongs to no single check. */
export interface GraphqlGateOptions {
  /** GraphQL routes by their pattern, prefix included, with the options of gates for them. */
  routes?: Readonly<Record<string, DoorSettings>> | undefined
  /** Longest source text of one document, in UTF-8 bytes. Default: 102,400. */
  maxBytes?: number | undefined
  /** Most lexical tokens of one document. Default: 10,000. */
  maxTokens?: number | undefined
  /** Deepest nesting of brackets. Default: 200. */
  maxNesting?: number | undefined
  /** Most comparisons that validation may need to merge fields of one name. Default: 20,000. */
  maxFieldMerges?: number | undefined
  /** Most entries of a batch. Default: 10. */
  maxBatch?: number | undefined
  /** Most operations that may be under way over one WebSocket. Default: 100. */
  maxSocketOperations?: number | undefined
  /** How long a message may wait for a client that does not read its WebSocket, which is ended then. Default: 30 seconds. */
  socketSendTimeout?: Duration | undefined
  /** Says that WebSocket servers which Fastify has no route for take no GraphQL. Default: false. */
  otherSockets?: boolean | undefined
  /** Lets stored documents be judged before any entry of a batch runs. */
  persistedQuery?: PersistedQuery | undefined
  /** Lets only known documents run; `false` on a route lets any run again. Default: any document runs. */
  trustedDocuments?: TrustedDocumentsOptions | false | undefined
  /** Who may ask for the schema. Default: true, which leaves it to the server. */
  introspection?: Introspection | undefined
  /** Longest that the operations of a request may run. Default: no limit. */
  executionTimeout?: Duration | undefined
  /** Answers refusals with status 200, for clients that read GraphQL errors only there. Default: false. */
  legacyStatus?: boolean | undefined
  /** Whether refusals tell their numbers. Default: in development yes, in production no. */
  exposeLimits?: boolean | undefined
}

/** {@link GraphqlGateOptions} with their defaults. */
export interface ResolvedGraphqlGateOptions {
  readonly routes: Readonly<Record<string, DoorSettings>>
  readonly maxBytes: number
  readonly maxTokens: number
  readonly maxNesting: number
  readonly maxFieldMerges: number
  readonly maxBatch: number
  readonly maxSocketOperations: number
  readonly socketSendTimeout: number
  readonly otherSockets: boolean
  readonly persistedQuery: PersistedQuery | undefined
  readonly trustedDocuments: TrustedDocuments | false | undefined
  readonly introspection: Introspection
  /** Milliseconds. */
  readonly executionTimeout: number | undefined
  readonly legacyStatus: boolean
  readonly exposeLimits: boolean | undefined
}

// What the settings hold is checked by the gates they are for.
const settings = v.custom<DoorSettings>(isPlainObject, 'a plain object of gate options')
const routes = record(settings, "an object such as { '/graphql': { depthLimit: { maxDepth: 6 } } }")

const DOCUMENTS =
  '{ [hash]: text }, the manifest that Apollo writes, or a function (hash) => text or undefined'

const documents: v.GenericSchema<DocumentSource> = v.pipe(
  v.custom<DocumentSource>((value) => typeof value === 'function' || isPlainObject(value), DOCUMENTS),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || typeof dataset.value === 'function') return
    const problem = manifestProblem(dataset.value)
    if (problem !== undefined) addIssue({ message: problem })
  }),
)

const roles = v.pipe(
  v.array(text(), 'a list of roles'),
  v.minLength(1, 'at least one role: without any, leave it out'),
)

const trustedDocuments: v.GenericSchema<TrustedDocumentsOptions | false, TrustedDocuments | false> = v.union(
  [
    v.literal(false),
    v.pipe(
      members({
        documents,
        exceptRoles: v.optional(v.pipe(roles, v.readonly())),
        mode: v.optional(mode),
      }),
      v.transform((given): TrustedDocuments => {
        const { documents: source, exceptRoles = [], mode: said = 'enforce' } = given
        return { ...knowDocuments(source), exceptRoles, mode: said }
      }),
    ),
  ],
  '{ documents, exceptRoles, mode }, or false',
)

const introspection: v.GenericSchema<Introspection> = v.union(
  [v.boolean(), members({ roles: v.pipe(roles, v.readonly()) })],
  "true, false or { roles: ['admin'] }",
)

/** The options of graphql-gate as a checked set. */
export const graphqlGateOptions: OptionSet<ResolvedGraphqlGateOptions> =
  defineOptions<ResolvedGraphqlGateOptions>('graphqlGate', {
    routes: {
      schema: routes,
      default: {},
      pluginOnly: true,
      doc: 'GraphQL routes by pattern, prefix included, with the options of gates for them (for routes that a server plugin declares).',
    },
    maxBytes: {
      schema: integer(1),
      default: 102_400,
      doc: 'Longest source text of one document, in UTF-8 bytes.',
    },
    maxTokens: { schema: integer(1), default: 10_000, doc: 'Most lexical tokens of one document.' },
    maxNesting: { schema: integer(1, 1000), default: 200, doc: 'Deepest nesting of brackets of any kind.' },
    maxFieldMerges: {
      schema: integer(0),
      default: 20_000,
      doc: 'Most comparisons that validation may need to merge fields of one name; 200 times one field are 19,900.',
    },
    maxBatch: { schema: integer(1), default: 10, doc: 'Most entries of a batch.' },
    maxSocketOperations: {
      schema: integer(1),
      default: 100,
      doc: 'Most operations that may be under way over one WebSocket.',
    },
    socketSendTimeout: {
      schema: duration(1),
      default: 30_000,
      doc: 'How long a message may wait for a client that does not read its WebSocket, which is ended then.',
    },
    otherSockets: {
      schema: flag(),
      default: false,
      pluginOnly: true,
      doc: 'Says that WebSocket servers which Fastify has no route for take no GraphQL.',
    },
    persistedQuery: {
      schema: callback<PersistedQuery>('(hash) => text or undefined'),
      doc: 'Finds stored documents by hash or id, so that batches of them can be judged before any entry runs.',
    },
    trustedDocuments: {
      schema: trustedDocuments,
      doc: 'Lets only known documents run, sent by their hash or as text; `false` on a route lets any run again.',
    },
    introspection: {
      schema: introspection,
      default: true,
      doc: 'Who may ask for the schema: `true` leaves it to the server.',
    },
    executionTimeout: {
      schema: duration(),
      pluginOnly: true,
      doc: 'Longest that the operations of a request may run, subscriptions aside. Without it: no limit.',
    },
    legacyStatus: {
      schema: flag(),
      default: false,
      doc: 'Answers refusals with status 200, for clients that read GraphQL errors only there.',
    },
    exposeLimits: {
      schema: flag(),
      doc: 'Whether refusals tell their numbers. Without it: in development yes, in production no.',
    },
  })
