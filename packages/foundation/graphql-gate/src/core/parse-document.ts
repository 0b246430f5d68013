import { parse } from 'graphql'
import type { DocumentNode } from 'graphql'
import { LRUCache } from 'lru-cache'

/** Parses documents and remembers them by their text. */
export interface DocumentCache {
  /** The parsed document, or `undefined` when the text has a syntax error or nests too deeply to be parsed. */
  get(text: string): DocumentNode | undefined
}

const UNPARSABLE = Symbol('unparsable')

/** Where a text has its first syntax error, as ` at line 1, column 9`; empty where that is not known. Never its words. */
export function syntaxErrorAt(text: string): string {
  try {
    parse(text)
  } catch (error) {
    const { locations } = error as { locations?: readonly { line: number; column: number }[] }
    const [first] = locations ?? []
    if (first !== undefined) return ` at line ${first.line}, column ${first.column}`
  }
  return ''
}

/** Creates a cache that is bounded by entries and by the characters of the texts: a tree takes about 100 bytes for each. */
export function createDocumentCache(maxEntries = 1000, maxCharacters = 400_000): DocumentCache {
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
