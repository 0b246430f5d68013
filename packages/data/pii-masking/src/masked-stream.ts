import { createClassification, maskUnknown } from '@portcullis/classification'
import type { Classification, Classified, Place } from '@portcullis/classification'
import { Disclosure } from './core/disclosure.ts'
import { maskLogText } from './core/mask-url.ts'
import type { Policy } from './core/policy.ts'
import { classifying } from './masker.ts'

/** Where pino writes its lines. */
export interface LogDestination {
  write(line: string): unknown
}

/** What {@link maskedStream} takes beside the destination. */
export interface MaskedStreamOptions {
  /**
   * Info types by coordinate, column or name, as for the plugin: for what is logged before the plugin is registered, or
   * without it. Default: only the built-in names.
   */
  readonly classify?: Readonly<Record<string, string>> | undefined
}

/** Nobody reads a log with a role, so each value is masked, and secrets by their kind. */
const NO_POLICY: Policy = {}

/** What is personal for each stream: what it was made with, and what plugins bound to it. */
const bound = new WeakMap<object, Classification[]>()

/** Whether something was made by {@link maskedStream}. */
export function isMaskedStream(value: unknown): value is LogDestination {
  return typeof value === 'object' && value !== null && bound.has(value)
}

/** Masks in the lines of a stream what is classified here too, now and later. */
export function bindStream(stream: LogDestination, classification: Classification): void {
  bound.get(stream)?.push(classification)
}

/** What a key may stand for; where that is several kinds, nothing of the value is shown. */
function nameOf(
  classifications: readonly Classification[],
  key: string,
  above?: Place,
): Classified | undefined {
  const [first, ...others] = classifications.flatMap((one) => one.named(key, above))
  const disagree = others.some(({ infoType }) => infoType !== first?.infoType)
  return first !== undefined && disagree ? { ...first, infoType: 'GENERIC_ID' } : first
}

/** A line's own members, which whatever reads logs must find: numbers that pino wrote. */
const OF_THE_LINE = ['level', 'time', 'pid'] as const

function keepOwnMembers(line: object, masked: object): object {
  const own = OF_THE_LINE.map((key) => [key, (line as Record<string, unknown>)[key]] as const)
  return { ...masked, ...Object.fromEntries(own.filter(([, value]) => typeof value === 'number')) }
}

/**
 * A stream for pino (`Fastify({ logger: { stream } })`) that masks what is classified by name, at any depth, before a
 * line is written. It sits on the stream because pino's hooks are fixed when `Fastify()` is called. Given to the plugin
 * (`{ log: stream }`), it masks everything that is classified there too, whoever said so. Of URLs (`req.url` of Fastify's
 * own lines) it masks the values of the query under such names and what the scanner finds, and leaves out what cannot be
 * decoded. Other texts are not searched. A line that is no JSON object is not written; a line in its place says so.
 *
 * @throws PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION for an unknown info type
 */
export function maskedStream(destination: LogDestination, options: MaskedStreamOptions = {}): LogDestination {
  const classification = classifying(() => createClassification(options.classify))
  const classifications = [classification]
  const rules = { classification, policy: NO_POLICY, fallback: 'partial', hash: undefined } as const
  const name = (key: string, above?: Place): Classified | undefined => nameOf(classifications, key, above)

  function mask(line: string): string {
    try {
      const parsed = JSON.parse(line) as object
      const { disclose } = new Disclosure(rules, undefined)
      const text = (one: string, key: string): string => maskLogText(one, key, { name, disclose })
      const masked = maskUnknown(parsed, { name, disclose, text }) as object
      return `${JSON.stringify(keepOwnMembers(parsed, masked))}\n`
    } catch {
      return '{"level":50,"msg":"A log line could not be read, so it was left out."}\n'
    }
  }

  const stream = { write: (line: string) => destination.write(mask(line)) }
  bound.set(stream, classifications)
  return stream
}
