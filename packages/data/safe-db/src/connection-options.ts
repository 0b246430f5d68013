import { integer, oneOf } from '@portcullis/kernel'
import type { OptionDefinition } from '@portcullis/kernel'
import * as v from 'valibot'
import type { Tls } from './connections/open-pool.ts'
import type { HandshakePolicy } from './core/handshake.ts'

/** How often a server may ask for the password to be hashed. */
export interface ScramIterations {
  /** PostgreSQL's own number is 4096; less is easily undone by who hears the proof. Default: 4096. */
  readonly min?: number | undefined
  /** More keeps a processor busy for whoever claims to be the server. Default: 100,000. */
  readonly max?: number | undefined
}

/** Options that say how a server proves itself, and what lies between. */
export interface ConnectionOptions {
  /**
   * How the server must ask who we are. `password` tells it the password, over verified TLS alone: for the tokens of cloud
   * services. `none`: it need not ask, as with a client certificate; no password is told. Default: `scram-sha-256`.
   */
  requireAuth?: HandshakePolicy['method'] | undefined
  /** Binds the server's proof to the TLS connection (SCRAM-SHA-256-PLUS). Default: `prefer`, where it offers that. */
  channelBinding?: HandshakePolicy['channelBinding'] | undefined
  /** Bounds of SCRAM's iteration count. */
  scramIterations?: ScramIterations | undefined
  /**
   * `transaction`: PgBouncer or another pooler gives each transaction another session, so that timeouts are set in each
   * packet and not at its start. Default: `none`.
   */
  pooler?: 'none' | 'transaction' | undefined
}

/** {@link ConnectionOptions} with their defaults. */
export interface ResolvedConnectionOptions {
  readonly requireAuth: HandshakePolicy['method']
  readonly channelBinding: HandshakePolicy['channelBinding']
  readonly scramIterations: HandshakePolicy['iterations']
  readonly pooler: 'none' | 'transaction'
}

const count = integer(1, 10_000_000)
const iterations = v.pipe(
  v.strictObject(
    { min: v.optional(count, 4_096), max: v.optional(count, 100_000) },
    '{ min, max }, whole numbers from 1 to 10000000',
  ),
  v.check(({ min, max }) => min <= max, '{ min, max } with min at most max'),
)

/** The definitions of {@link ConnectionOptions}. */
export const connectionOptions: {
  readonly [Name in keyof ResolvedConnectionOptions]: OptionDefinition<ResolvedConnectionOptions[Name]>
} = {
  requireAuth: {
    schema: oneOf('scram-sha-256', 'password', 'none'),
    default: 'scram-sha-256',
    pluginOnly: true,
    doc: 'How the server must ask who we are; one that asks otherwise, or not at all, is refused. `password` tells it the password, over verified TLS alone: for the tokens of cloud services. `none`: it need not ask, as with a client certificate, and is told no password.',
  },
  channelBinding: {
    schema: oneOf('prefer', 'require', 'disable'),
    default: 'prefer',
    pluginOnly: true,
    doc: 'Binds the server’s proof to the TLS connection (SCRAM-SHA-256-PLUS), so that nobody in between can pass it on. `require` refuses a server that does not offer it.',
  },
  scramIterations: {
    schema: iterations,
    default: { min: 4_096, max: 100_000 },
    pluginOnly: true,
    doc: 'How often a server may ask for the password to be hashed: less is easily undone, more keeps a processor busy.',
  },
  pooler: {
    schema: oneOf('none', 'transaction'),
    default: 'none',
    pluginOnly: true,
    doc: '`transaction` for PgBouncer and its like in that mode: the timeouts go out with each packet, since sessions are shared.',
  },
}

/** What of these options does not go together, in words; nothing where all does. */
export function connectionComplaint(
  options: Pick<ResolvedConnectionOptions, 'requireAuth' | 'channelBinding'> & { readonly tls: Tls },
): string | undefined {
  if (options.tls !== 'disable') return undefined
  if (options.requireAuth === 'password')
    return "requireAuth: 'password' with tls: 'disable' would send the password in the clear. Use verified TLS, or 'scram-sha-256'."
  if (options.channelBinding === 'require')
    return "channelBinding: 'require' with tls: 'disable' leaves nothing to bind to. Use verified TLS, or 'prefer'."
  return undefined
}
