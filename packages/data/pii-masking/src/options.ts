import { INFO_TYPES, STRATEGIES, toInfoType } from '@portcullis/classification'
import type { Strategy } from '@portcullis/classification'
import { custom, defineOptions, either, nearestName, oneOf, record, text } from '@portcullis/kernel'
import type { OptionSet } from '@portcullis/kernel'
import type { Policy, Rule } from './core/policy.ts'
import { isMaskedStream } from './masked-stream.ts'
import type { LogDestination } from './masked-stream.ts'

/** Options of pii-masking. `policy`, `fallback` and `unmaskable` may be set for a route too. */
export interface PiiMaskingOptions {
  /** Strategies by info type or coordinate; each one for everybody, or by role. Default: none. */
  policy?: Policy | undefined
  /** What is personal: info types by coordinate (`User.ssn`), column, name or path (`order.contact.note`). Default: none beside the built-in names. */
  classify?: Readonly<Record<string, string>> | undefined
  /** The strategy where `policy` has no rule. Default: `partial`. */
  fallback?: Strategy | undefined
  /** What happens to text, bytes and streams of a route whose schema classifies. Default: `refuse`. */
  unmaskable?: 'refuse' | 'report' | undefined
  /** The stream of the app's log, made by `maskedStream`, in which the same is masked. Default: none. */
  log?: LogDestination | undefined
  /** The key of the strategies `hash` and `tokenize`, at least 32 characters. */
  hashKey?: string | undefined
}

/** {@link PiiMaskingOptions} with their defaults. */
export interface ResolvedPiiMaskingOptions {
  readonly policy: Policy
  readonly classify: Readonly<Record<string, string>>
  readonly fallback: Strategy
  readonly unmaskable: 'refuse' | 'report'
  readonly log: LogDestination | undefined
  readonly hashKey: string | undefined
}

const strategy = oneOf(...STRATEGIES)
const SHORTEST_KEY = 32

function strategiesOf({ policy, fallback }: ResolvedPiiMaskingOptions): readonly Strategy[] {
  return [
    fallback,
    ...Object.values(policy).flatMap((rule) => (typeof rule === 'string' ? [rule] : Object.values(rule))),
  ]
}

function unknownSubject(policy: Policy): string | undefined {
  for (const subject of Object.keys(policy)) {
    if (subject.includes('.')) continue
    try {
      if (toInfoType(subject, 'policy') !== subject)
        return `policy.${subject}: write ${toInfoType(subject, '')}.`
    } catch {
      const nearest = nearestName(subject, INFO_TYPES)
      const mend =
        nearest === undefined ? `It takes: ${INFO_TYPES.join(', ')}.` : `Did you mean '${nearest}'?`
      return `policy.${subject} is no info type and no coordinate such as User.ssn. ${mend}`
    }
  }
  return undefined
}

function complaint(options: ResolvedPiiMaskingOptions): string | undefined {
  const { hashKey, policy } = options
  if (hashKey !== undefined && hashKey.length < SHORTEST_KEY) {
    return `hashKey has ${hashKey.length} characters, takes at least ${SHORTEST_KEY}.`
  }
  const keyed = strategiesOf(options).find((one) => one === 'hash' || one === 'tokenize')
  if (hashKey === undefined && keyed !== undefined) {
    return `the strategy '${keyed}' needs hashKey: a secret of at least 32 characters.`
  }
  return unknownSubject(policy)
}

/** The options of pii-masking as a checked set. */
export const piiMaskingOptions: OptionSet<ResolvedPiiMaskingOptions> =
  defineOptions<ResolvedPiiMaskingOptions>(
    'piiMasking',
    {
      policy: {
        schema: record<Rule, Rule>(
          either(
            strategy,
            record(strategy, 'an object of strategies by role'),
            `a strategy (${STRATEGIES.join(', ')}) or an object of strategies by role`,
          ),
          'an object of rules by info type or coordinate',
        ),
        default: {},
        merge: (plugin, route) => ({ ...plugin, ...route }),
        doc: 'What each reader gets: a strategy for everybody, or `{ admin: "raw", "*": "partial" }` by role, for an info type or a coordinate (which wins).',
      },
      classify: {
        schema: record(text(), 'an object of info types by coordinate, column, name or path'),
        default: {},
        pluginOnly: true,
        doc: 'What is personal, beside what schemas say: `{ "User.email": "EMAIL_ADDRESS", phone: "PHONE_NUMBER" }`.',
      },
      fallback: {
        schema: strategy,
        default: 'partial',
        doc: 'The strategy for classified values that `policy` has no rule for.',
      },
      unmaskable: {
        schema: oneOf('refuse', 'report'),
        default: 'refuse',
        doc: 'Text, bytes and streams of a route whose response schema classifies cannot be masked: they are refused, or sent and reported.',
      },
      log: {
        schema: custom<LogDestination>(isMaskedStream, 'a stream that maskedStream() made'),
        pluginOnly: true,
        doc: "The stream of the app's log: what is classified here, by whoever, is masked in it too.",
      },
      hashKey: {
        schema: text(),
        pluginOnly: true,
        secret: true,
        doc: 'The key of the strategies `hash` and `tokenize` (HMAC-SHA-256), at least 32 characters.',
      },
    },
    { check: complaint },
  )
