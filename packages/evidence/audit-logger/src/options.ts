import type { KeyObject } from 'node:crypto'
import {
  InvalidOptionsError,
  callback,
  defineOptions,
  duration,
  integer,
  flag,
  oneOf,
  text,
} from '@portcullis/kernel'
import type { Duration, OptionSet } from '@portcullis/kernel'
import { privateKeyOf } from '@portcullis/transparency-log'
import * as v from 'valibot'

/** What of a request is recorded. */
export type AuditLevel = 'none' | 'metadata' | 'request'
/** What waits for the trail: nothing; the answer; the handler and the answer. */
export type Delivery = 'batch' | 'blocking' | 'blocking-strict'
/** What becomes of a request that cannot be recorded. */
export type OnSinkFailure = 'fail-closed' | 'drop'

/** What a route's `config.audit` may hold. */
export interface AuditRouteOptions {
  /** What the route does, in the app's own words, such as `order.refund`. */
  readonly action?: string | undefined
  /** `metadata` records who, what, when and outcome; `request` its masked parameters, query and body too. */
  readonly level?: AuditLevel | undefined
  /** What waits for the trail. Default: `batch`. */
  readonly delivery?: Delivery | undefined
  /** `fail-closed` refuses with 503 while the trail cannot be written; `drop` counts what is lost. Default: `fail-closed`. */
  readonly onSinkFailure?: OnSinkFailure | undefined
}

/** Options of audit-logger. */
export interface AuditLoggerOptions extends Omit<AuditRouteOptions, 'action'> {
  /** The directory of the trail, of this process alone. Made when it is not there. */
  readonly directory: string
  /** Signs the checkpoints: an Ed25519 private key, PEM (PKCS #8) or `KeyObject`. */
  readonly signingKey: string | KeyObject
  /** Key of the hash under which ids and addresses are recorded: at least 32 characters. */
  readonly subjectSecret: string
  /** The trail's name in its checkpoints. Default: `audit`. */
  readonly origin?: string | undefined
  /**
   * Called with each checkpoint that was written to the file `checkpoint`, for a place the server cannot write to. What
   * fails, or takes longer than `sinkTimeout`, is logged and tried again with the newest one.
   */
  readonly onCheckpoint?: ((note: string) => unknown) | undefined
  /** How often the file `checkpoint` is renewed. Default: 1 s. */
  readonly checkpointInterval?: Duration | undefined
  /** Most records that wait to be written. Default: 10,000. */
  readonly maxQueue?: number | undefined
  /** How long anybody waits for the trail. Default: 5 s. */
  readonly sinkTimeout?: Duration | undefined
  /** Goes on behind the last good checkpoint of a damaged trail, and keeps what it cuts. Default: no. */
  readonly recover?: boolean | undefined
}

/** {@link AuditLoggerOptions} with their defaults, and a route's action. */
export interface ResolvedAuditLoggerOptions {
  readonly action: string | undefined
  readonly level: AuditLevel
  readonly delivery: Delivery
  readonly onSinkFailure: OnSinkFailure
  readonly directory: string
  readonly signingKey: string | KeyObject
  readonly subjectSecret: string
  readonly origin: string
  readonly onCheckpoint: ((note: string) => unknown) | undefined
  readonly checkpointInterval: number
  readonly maxQueue: number
  readonly sinkTimeout: number
  readonly recover: boolean
}

function isSigningKey(value: unknown): boolean {
  try {
    privateKeyOf(value as string)
    return true
  } catch {
    return false
  }
}

const LONG_SECRET = 'a string of at least 32 characters'
const NAME = 'a name of letters, digits and . _ - / (at most 128)'

const set: OptionSet<ResolvedAuditLoggerOptions> = defineOptions<ResolvedAuditLoggerOptions>('audit', {
  delivery: {
    schema: oneOf('batch', 'blocking', 'blocking-strict'),
    default: 'batch',
    doc: 'What waits until the record is durable: nothing; the answer; the handler and the answer.',
  },
  level: {
    schema: oneOf('none', 'metadata', 'request'),
    default: 'metadata',
    doc: '`metadata` records who, what, when and outcome; `request` the masked parameters, query and body too. The plugin’s `none` does not hold for routes that change something; a route’s own does.',
  },
  onSinkFailure: {
    schema: oneOf('fail-closed', 'drop'),
    default: 'fail-closed',
    doc: 'While the trail cannot be written: refuse with 503 before the handler, or let the request pass and count what is lost.',
  },
  action: {
    schema: v.pipe(text(NAME), v.regex(/^[A-Za-z0-9._/-]{1,128}$/, NAME)),
    doc: 'What the route does, such as `order.refund`. For routes only.',
  },
  directory: {
    schema: text(),
    required: true,
    pluginOnly: true,
    doc: 'The directory of the trail, of this process alone. Made when it is not there.',
  },
  signingKey: {
    schema: v.custom<string | KeyObject>(isSigningKey, 'an Ed25519 private key, PEM or KeyObject'),
    required: true,
    pluginOnly: true,
    secret: true,
    doc: 'Signs the checkpoints.',
  },
  subjectSecret: {
    schema: v.pipe(v.string(LONG_SECRET), v.minLength(32, LONG_SECRET)),
    required: true,
    pluginOnly: true,
    secret: true,
    doc: 'Key of the hash under which ids and addresses are recorded.',
  },
  origin: {
    schema: v.pipe(text(NAME), v.regex(/^[A-Za-z0-9._/-]{1,128}$/, NAME)),
    default: 'audit',
    pluginOnly: true,
    doc: 'The trail’s name in its checkpoints.',
  },
  onCheckpoint: {
    schema: callback<(note: string) => unknown>('(note) => void or a promise'),
    pluginOnly: true,
    doc: 'Called with each checkpoint that was written to the file `checkpoint`: keep it where the server cannot write. What fails is logged and tried again.',
  },
  checkpointInterval: {
    schema: duration(10),
    default: 1000,
    pluginOnly: true,
    doc: 'How often the file `checkpoint` is renewed.',
  },
  maxQueue: {
    schema: integer(1, 1_000_000),
    default: 10_000,
    pluginOnly: true,
    doc: 'Most records that wait to be written.',
  },
  sinkTimeout: {
    schema: duration(),
    default: 5000,
    pluginOnly: true,
    doc: 'How long anybody waits for a write of the trail.',
  },
  recover: {
    schema: flag(),
    default: false,
    pluginOnly: true,
    doc: 'Goes on behind the last good checkpoint of a damaged trail, and keeps what it cuts in a file beside.',
  },
})

/** The options of audit-logger as a checked set. */
export const auditLoggerOptions: OptionSet<ResolvedAuditLoggerOptions> = {
  ...set,
  parse(input) {
    const options = set.parse(input)
    if (options.action === undefined) return options
    throw new InvalidOptionsError(
      'audit.action: it names what one route does. Give it in the config.audit of that route.',
    )
  },
}
