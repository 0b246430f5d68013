import { callback, defineOptions, duration, flag, integer, members, oneOf, text } from '@portcullis/kernel'
import type { Duration, OptionSet } from '@portcullis/kernel'
import * as v from 'valibot'
import { isBounded, MOST } from './core/cost.ts'
import { pepperOf } from './peppers.ts'

/**
 * Tells the hashes of breached passwords that begin with five upper-case hexadecimal characters of SHA-1: the rest of each and
 * how often it was seen, as lines of `SUFFIX:COUNT`. It learns nothing but the prefix. An error means that it does not know.
 */
export type RangeSource = (prefix: string) => Promise<string>

/** Which passwords people may choose. */
export interface PolicyOptions {
  /** `guide`: at least 12 characters, an upper- and a lower-case letter, a digit and a symbol. Default: no such rules. */
  preset?: 'guide' | undefined
  /** Code points where the password is the only factor. Default: 15; 12 with the preset. */
  minLength?: number | undefined
  /** Code points where a second factor is asked for too. Default: 8; 12 with the preset. */
  minLengthWithSecondFactor?: number | undefined
  /** Bytes of UTF-8; more are refused before any work, on every call. Default: 4096. */
  maxBytes?: number | undefined
  /** Refuses the 100,000 most common passwords. Default: true. */
  blocklist?: boolean | undefined
  /** Words of the service, such as its name, that passwords may not live on. Default: none. */
  contextWords?: readonly string[] | undefined
  /** Asks whether a password is known from a breach. Default: nobody is asked. */
  breached?: BreachedOptions | undefined
}

/** Whom to ask about breached passwords. */
export interface BreachedOptions {
  readonly source: RangeSource
  /** What to do when it does not answer: `open` takes the password, `closed` answers 503. */
  readonly onError: 'open' | 'closed'
}

/** Options of password. */
export interface PasswordOptions {
  /** How long a hash may take, where `memory` and `passes` are not given. Default: 50 ms. */
  targetTime?: Duration | undefined
  /** KiB of a hash. Give it with `passes`. Default: measured. */
  memory?: number | undefined
  /** Passes over the memory. Give it with `memory`. Default: measured. */
  passes?: number | undefined
  /** A secret that goes into each hash and is kept elsewhere. Default: none. */
  pepper?: string | undefined
  /** Peppers that are no longer given to new hashes. Default: none. */
  previousPeppers?: readonly string[] | undefined
  /** Hashes at once. Default and limit: one less than there are cores, and than libuv has threads. */
  maxConcurrency?: number | undefined
  /** Calls that may wait for a worker. Default: 64. */
  maxQueue?: number | undefined
  /** Which passwords people may choose. */
  policy?: PolicyOptions | undefined
}

/** {@link PolicyOptions} with their defaults. */
export interface ResolvedPolicy {
  readonly composition: boolean
  readonly minLength: number
  readonly minLengthWithSecondFactor: number
  readonly maxBytes: number
  readonly blocklist: boolean
  readonly contextWords: readonly string[]
  readonly breached: BreachedOptions | undefined
}

/** {@link PasswordOptions} with their defaults; times are milliseconds. */
export interface ResolvedPasswordOptions {
  readonly targetTime: number
  readonly memory: number | undefined
  readonly passes: number | undefined
  readonly pepper: string | undefined
  readonly previousPeppers: readonly string[]
  readonly maxConcurrency: number
  readonly maxQueue: number
  readonly policy: ResolvedPolicy
}

const LEAST_PEPPER_BYTES = 32
const LEAST_PEPPER_CHARACTERS = 8
const PEPPER = 'a random secret of at least 32 bytes'

const pepper = v.pipe(
  text(PEPPER),
  v.check(
    (secret) =>
      Buffer.byteLength(secret) >= LEAST_PEPPER_BYTES && new Set(secret).size >= LEAST_PEPPER_CHARACTERS,
    PEPPER,
  ),
)

const LENGTH = integer(8, 64)
const POLICY =
  '{ preset, minLength, minLengthWithSecondFactor, maxBytes, blocklist, contextWords, breached: { source, onError } }'

const breached: v.GenericSchema<BreachedOptions> = members(
  { source: callback<RangeSource>('(prefix) => lines of SUFFIX:COUNT'), onError: oneOf('open', 'closed') },
  '{ source, onError }',
)

const policy = v.pipe(
  members(
    {
      preset: v.optional(oneOf('guide')),
      minLength: v.optional(LENGTH),
      minLengthWithSecondFactor: v.optional(LENGTH),
      // 64 code points have up to 256 bytes, and everybody may use as many (NIST SP 800-63B-4, ASVS 6.2.9).
      maxBytes: v.optional(integer(256, 4096), 4096),
      blocklist: v.optional(flag(), true),
      contextWords: v.optional(
        v.pipe(v.array(text('a word'), 'an array of words'), v.maxLength(16, 'an array of at most 16 words')),
        [],
      ),
      breached: v.optional(breached),
    },
    POLICY,
  ),
  v.transform(({ preset, ...given }): ResolvedPolicy => {
    const least = preset === 'guide' ? { alone: 12, second: 12 } : { alone: 15, second: 8 }
    return {
      composition: preset === 'guide',
      minLength: given.minLength ?? least.alone,
      minLengthWithSecondFactor: given.minLengthWithSecondFactor ?? least.second,
      maxBytes: given.maxBytes,
      blocklist: given.blocklist,
      contextWords: given.contextWords,
      breached: given.breached,
    }
  }),
)

function complaint(options: ResolvedPasswordOptions): string | undefined {
  const { memory, passes, pepper: current, previousPeppers } = options
  if ((memory === undefined) !== (passes === undefined)) {
    return 'memory and passes say together what a hash costs. Give both, or neither to have it measured.'
  }
  if (memory !== undefined && passes !== undefined && !isBounded({ memory, passes, parallelism: 1 })) {
    return `memory × passes is ${memory * passes} KiB, takes at most ${MOST.work}. Lower one of them.`
  }
  const ids = [...(current === undefined ? [] : [current]), ...previousPeppers].map((one) => pepperOf(one).id)
  if (new Set(ids).size < ids.length) return 'pepper and previousPeppers must differ. Give each once.'
  return undefined
}

/** The options of password as a checked set. */
export const passwordOptions: OptionSet<ResolvedPasswordOptions> = defineOptions<ResolvedPasswordOptions>(
  'passwords',
  {
    targetTime: {
      schema: duration(),
      default: '50ms',
      pluginOnly: true,
      doc: 'How long a hash may take where `memory` and `passes` are not given: they are chosen at boot. Never below the floors.',
    },
    memory: {
      schema: integer(8, MOST.memory),
      pluginOnly: true,
      doc: 'KiB of a hash (`m`), with `passes`. In production at least 47104 with one pass, 19456 with two or 12288 with three.',
    },
    passes: {
      schema: integer(1, MOST.passes),
      pluginOnly: true,
      doc: 'Passes over the memory (`t`), with `memory`. Memory times passes is at most 1048576.',
    },
    pepper: {
      schema: pepper,
      pluginOnly: true,
      secret: true,
      doc: 'A secret that goes into each hash and is kept elsewhere than the hashes. Hashes from before it are made anew on login.',
    },
    previousPeppers: {
      schema: v.pipe(v.array(pepper, 'an array of peppers'), v.maxLength(8, 'an array of at most 8 peppers')),
      default: [],
      pluginOnly: true,
      secret: true,
      takes: 'an array of at most 8 peppers',
      doc: 'Peppers that stored hashes were made with. Such hashes are made anew on login.',
    },
    maxConcurrency: {
      schema: integer(1, 1024),
      default: 1024,
      pluginOnly: true,
      doc: 'Hashes at once, together with other registrations never more than one less than there are cores and threads of libuv (`UV_THREADPOOL_SIZE`, 4), and at least one.',
    },
    maxQueue: {
      schema: integer(0, 100_000),
      default: 64,
      pluginOnly: true,
      doc: 'Calls that may wait for a worker; the next one is refused at once.',
    },
    policy: {
      schema: policy,
      default: {},
      pluginOnly: true,
      takes: `\`${POLICY}\``,
      doc: 'Which passwords people may choose: see [the policy](#the-policy).',
    },
  },
  { check: complaint },
)
