import { createHash } from 'node:crypto'
import { parse, stripIgnoredCharacters } from 'graphql'

/** The file that Apollo's tools write: `generate-persisted-query-manifest`. */
export interface ApolloManifest {
  readonly format: 'apollo-persisted-query-manifest'
  readonly operations: readonly { readonly id: string; readonly body: string }[]
}

/** Known documents by id, as Relay and GraphQL Code Generator write them: hash to text. */
export type PlainManifest = Readonly<Record<string, string>>

/** Finds the text of a document by its hash or id; `undefined` when there is none. */
export type DocumentLookup = (id: string) => string | undefined | Promise<string | undefined>

/** Where known documents come from. */
export type DocumentSource = ApolloManifest | PlainManifest | DocumentLookup

/** Documents that may run. */
export interface KnownDocuments {
  /** The text of an id. */
  readonly find: DocumentLookup
  /** Whether a text is one of theirs. Spaces, commas and comments make no difference in a manifest. */
  readonly knows: (text: string) => boolean | Promise<boolean>
}

const SHA256_PREFIX = 'sha256:'

/** Ids of the draft on persisted documents name their hash: `sha256:…`. Manifests hold the hash alone. */
function bareId(id: string): string {
  return id.startsWith(SHA256_PREFIX) ? id.slice(SHA256_PREFIX.length) : id
}

function isApolloManifest(manifest: object): manifest is ApolloManifest {
  return (manifest as Partial<ApolloManifest>).format === 'apollo-persisted-query-manifest'
}

function entriesOf(manifest: ApolloManifest | PlainManifest): readonly (readonly [unknown, unknown])[] {
  if (!isApolloManifest(manifest)) return Object.entries(manifest)
  const operations: unknown = manifest.operations
  if (!Array.isArray(operations)) return [[undefined, undefined]]
  return (operations as readonly ({ id?: unknown; body?: unknown } | null)[]).map((one) => [
    one?.id,
    one?.body,
  ])
}

/** What is wrong with a manifest, in words that end "takes …", or nothing. */
export function manifestProblem(manifest: ApolloManifest | PlainManifest): string | undefined {
  const entries = entriesOf(manifest)
  if (entries.length === 0) return 'at least one document: with none, every operation would be refused'
  const texts = new Map<string, string>()
  for (const [id, text] of entries) {
    if (typeof id !== 'string' || typeof text !== 'string')
      return 'texts by id ({ [hash]: text }), or the manifest that Apollo writes ({ format, operations: [{ id, body }] })'
    if ((texts.get(id) ?? text) !== text) return `one text for each id ('${id}' has two)`
    texts.set(id, text)
    try {
      parse(text, { noLocation: true })
    } catch {
      return `documents without syntax errors (that of '${id}' has one)`
    }
  }
  return undefined
}

/** The text without what GraphQL ignores; `undefined` where it is none. */
function normalised(text: string): string | undefined {
  try {
    return stripIgnoredCharacters(text)
  } catch {
    return undefined
  }
}

function fromManifest(manifest: ApolloManifest | PlainManifest): KnownDocuments {
  const texts = new Map(entriesOf(manifest) as readonly (readonly [string, string])[])
  const exact = new Set(texts.values())
  const stripped = new Set([...exact].map(normalised))
  return {
    find: (id) => texts.get(id) ?? texts.get(bareId(id)),
    knows(text) {
      if (exact.has(text)) return true
      const plain = normalised(text)
      return plain !== undefined && stripped.has(plain)
    },
  }
}

/** A lookup tells nothing about texts but by their hash. One in an object finds more than texts: `constructor`, say. */
function fromLookup(lookup: DocumentLookup): KnownDocuments {
  const find: DocumentLookup = async (id) => {
    const found: unknown = (await lookup(id)) ?? (await lookup(bareId(id)))
    return typeof found === 'string' ? found : undefined
  }
  return {
    find,
    knows: async (text) => (await find(createHash('sha256').update(text).digest('hex'))) === text,
  }
}

/** Makes documents known. A manifest must have no {@link manifestProblem}. */
export function knowDocuments(source: DocumentSource): KnownDocuments {
  return typeof source === 'function' ? fromLookup(source) : fromManifest(source)
}
