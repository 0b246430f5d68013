import { createClassification, maskInText, maskText, maskUnknown } from '@portcullis/classification'
import type { Classified } from '@portcullis/classification'

/** What stands for a part that cannot be decoded: nobody knows what it says. */
const UNDECODABLE = '[undecodable]'

/** How a URL is masked. */
export interface UrlRules {
  /** What a name stands for. */
  readonly name: (key: string) => Classified | undefined
  /** What may be shown of a classified value. */
  readonly disclose: (classified: Classified, value: unknown) => unknown
}

/** A part of a URL as it was meant, or `undefined`. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** Nothing that a terminal would obey: what is no printable ASCII is written as in a URL. */
function printable(text: string): string {
  // By bytes: half of a pair of characters has no encoding of its own.
  return text.replaceAll(/[^\x21-\x7e]/gu, (char) => encodeURIComponent(Buffer.from(char).toString()))
}

function maskTexts(text: string): string {
  return maskInText(text, (infoType, found) => maskText(infoType, found))
}

/** A part as it was sent where nothing in it is masked. */
function maskPart(
  part: string,
  decode: (part: string) => string | undefined,
  mask: typeof maskTexts,
): string {
  const text = decode(part)
  if (text === undefined) return UNDECODABLE
  const masked = mask(text)
  return printable(masked === text ? part : masked)
}

/** A value may be JSON, as the variables of a GraphQL operation are. */
function maskValue(text: string, rules: UrlRules): string {
  if (text.startsWith('{') || text.startsWith('[')) {
    try {
      const value: unknown = JSON.parse(text)
      const masked = maskUnknown(value, { ...rules, text: maskTexts, json: true })
      const written = JSON.stringify(masked)
      return written === JSON.stringify(value) ? text : written
    } catch {
      // A text like others.
    }
  }
  return maskTexts(text)
}

const decodedQuery = (part: string): string | undefined => decoded(part.replaceAll('+', ' '))

function maskPair(pair: string, rules: UrlRules): string {
  const sign = pair.indexOf('=')
  if (sign === -1) return maskPart(pair, decodedQuery, maskTexts)
  const [name, value] = [pair.slice(0, sign), pair.slice(sign + 1)]
  const key = decodedQuery(name)
  if (key === undefined) return UNDECODABLE
  const classified = rules.name(key)
  const masked = maskPart(value, decodedQuery, (text) => {
    if (classified === undefined) return maskValue(text, rules)
    const shown = rules.disclose(classified, text)
    return typeof shown === 'string' ? shown : ''
  })
  return `${maskPart(name, decodedQuery, maskTexts)}=${masked}`
}

/**
 * A URL with the values of its query masked that stand under classified names, and what the scanner finds of any kind in
 * path, names and values; what cannot be decoded is left out. Time is linear in the URL.
 */
export function maskUrl(url: string, rules: UrlRules): string {
  const from = url.indexOf('?')
  const path = (from === -1 ? url : url.slice(0, from))
    .split('/')
    .map((segment) => maskPart(segment, decoded, maskTexts))
    .join('/')
  if (from === -1) return path
  const query = url
    .slice(from + 1)
    .split('&')
    .map((pair) => maskPair(pair, rules))
    .join('&')
  return `${path}?${query}`
}

// Names in any spelling, as of what is personal.
const urls = createClassification(
  {},
  { href: 'GENERIC_ID', referer: 'GENERIC_ID', uri: 'GENERIC_ID', url: 'GENERIC_ID' },
)
/** How Fastify logs that it found no route. */
const NOT_FOUND = /^Route ([A-Z-]{1,20}):([^]*) not found$/

/**
 * What a log shows of a text that stands under no classified key: all, but of URLs only what {@link maskUrl} shows, under
 * their names or in Fastify's own message.
 */
export function maskLogText(text: string, key: string, rules: UrlRules): string {
  if (urls.name(key) !== undefined) return maskUrl(text, rules)
  const [, method, url] = key === 'msg' ? (NOT_FOUND.exec(text) ?? []) : []
  return url === undefined ? text : `Route ${method}:${maskUrl(url, rules)} not found`
}
