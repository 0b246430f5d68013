import { parse } from 'graphql'
import type { DocumentNode } from 'graphql'
import { LRUCache } from 'lru-cache'

/** Parses documents and remembers them by their text. */
export interface DocumentCache {
  /** The parsed document, or `undefined` when the text has a syntax error or nests too deeply to be parsed. */
  get(text: string): DocumentNode | undefined
}

const UNPARSABLE = Symbol('unparsable')

/** Creates a cache that is bounded by entries and by the characters of the texts. */
export function createDocumentCache(maxEntries = 1000, maxCharacters = 4_000_000): DocumentCache {
  const cache = new LRUCache<string, DocumentNode | typeof UNPARSABLE>({
    max: maxEntries,
    maxSize: maxCharacters,
    sizeCalculation: (_document, text) => Math.max(1, text.length),
  })
  return {
    get(text) {
      let document = cache.get(text)
      if (document === undefined) {
        try {
          document = parse(text, { noLocation: true })
        } catch {
          // A syntax error, or the parser's stack was exhausted: both are the sender's fault.
          document = UNPARSABLE
        }
        cache.set(text, document)
      }
      return document === UNPARSABLE ? undefined : document
    },
  }
}
