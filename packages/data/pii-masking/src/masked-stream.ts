import { createClassification, maskUnknown } from '@portcullis/classification'
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
  /** Info types by coordinate, column or name, as for the plugin. Default: only the built-in names. */
  readonly classify?: Readonly<Record<string, string>> | undefined
}

/** Nobody reads a log with a role, so each value is masked, and secrets by their kind. */
const NO_POLICY: Policy = {}

/**
 * A stream for pino (`Fastify({ logger: { stream: maskedStream(process.stdout) } })`) that masks what is classified by
 * name, at any depth, before a line is written. It sits on the stream because pino's hooks are fixed when `Fastify()`
 * is called. Of URLs (`req.url` of Fastify's own lines) it masks the values of the query under such names and what the
 * scanner finds, and leaves out what cannot be decoded. Other texts are not searched. A line that is no JSON object is not written; a line in its place
 * says so.
 *
 * @throws PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION for an unknown info type
 */
export function maskedStream(destination: LogDestination, options: MaskedStreamOptions = {}): LogDestination {
  const classification = classifying(() => createClassification(options.classify))
  const rules = { classification, policy: NO_POLICY, fallback: 'partial', hash: undefined } as const
  const name = classification.name.bind(classification)

  function mask(line: string): string {
    try {
      const parsed: unknown = JSON.parse(line)
      const { disclose } = new Disclosure(rules, undefined)
      const text = (one: string, key: string): string => maskLogText(one, key, { name, disclose })
      return `${JSON.stringify(maskUnknown(parsed, { name, disclose, text }))}\n`
    } catch {
      return '{"level":50,"msg":"A log line could not be read, so it was left out."}\n'
    }
  }

  return { write: (line) => destination.write(mask(line)) }
}
