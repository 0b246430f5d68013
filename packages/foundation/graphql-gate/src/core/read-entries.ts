import { isObject } from './is-object.ts'

/** One entry of a GraphQL request, as a client sent it. */
export interface RequestEntry {
  /** The `query` member: a document's text, or the id of a stored one; absent where only a hash is sent. */
  readonly query: string | undefined
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | undefined
  /** The id of a stored document, where it is given: `extensions.persistedQuery.sha256Hash` or `documentId`. */
  readonly hash: string | undefined
  /** Whether `query` is marked as the id of a stored document (mercurius' prepared queries). */
  readonly persisted: boolean
}

/** What a request body or query string holds. */
export type ReadResult =
  | { readonly ok: true; readonly entries: readonly RequestEntry[]; readonly batch: boolean }
  | { readonly ok: false; readonly problem: string }

const NO_VARIABLES: Readonly<Record<string, unknown>> = Object.freeze({})

type Json = Record<string, unknown>

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

const DEEPEST_JSON = 100

/** Brackets inside strings count too: what is refused so is hostile anyway. */
function nestsTooDeeply(json: string): boolean {
  let open = 0
  for (const character of json) {
    if (character === '{' || character === '[') open += 1
    else if (character === '}' || character === ']') open -= 1
    if (open > DEEPEST_JSON) return true
  }
  return false
}

/** In a query string, objects are JSON text. */
function objectFrom(value: unknown, asText: boolean): Json | null | undefined {
  if (isAbsent(value) || (asText && value === '')) return undefined
  if (!asText) return isObject(value) ? value : null
  if (typeof value !== 'string' || nestsTooDeeply(value)) return null
  try {
    const parsed: unknown = JSON.parse(value)
    if (isAbsent(parsed)) return undefined
    return isObject(parsed) ? parsed : null
  } catch {
    return null
  }
}

function hashFrom(extensions: Json | undefined): string | undefined {
  const persisted = extensions?.['persistedQuery']
  const hash = isObject(persisted) ? persisted['sha256Hash'] : undefined
  return typeof hash === 'string' ? hash : undefined
}

function idFrom(input: Json, extensions: Json | undefined): string | undefined {
  const { documentId } = input
  return hashFrom(extensions) ?? (typeof documentId === 'string' ? documentId : undefined)
}

function readEntry(input: unknown, asText: boolean): RequestEntry | string {
  if (!isObject(input)) return 'it must be a JSON object'
  const { query, operationName } = input
  if (!isAbsent(query) && typeof query !== 'string') return "'query' must be a string"
  if (!isAbsent(operationName) && typeof operationName !== 'string') return "'operationName' must be a string"
  const variables = objectFrom(input['variables'], asText)
  if (variables === null) return "'variables' must be an object"
  const extensions = objectFrom(input['extensions'], asText)
  if (extensions === null) return "'extensions' must be an object"
  return {
    query: query ?? undefined,
    variables: variables ?? NO_VARIABLES,
    operationName: isAbsent(operationName) || operationName === '' ? undefined : operationName,
    hash: idFrom(input, extensions ?? undefined),
    persisted: String(input['persisted']) === 'true',
  }
}

function readAll(inputs: readonly unknown[], batch: boolean, asText: boolean): ReadResult {
  const entries: RequestEntry[] = []
  for (const input of inputs) {
    const entry = readEntry(input, asText)
    if (typeof entry === 'string') return { ok: false, problem: entry }
    entries.push(entry)
  }
  return { ok: true, entries, batch }
}

/**
 * Reads the parsed body of a POST request: an object, an array of objects (a batch), or the text of a document
 * (`application/graphql`).
 */
export function readBody(body: unknown): ReadResult {
  if (typeof body === 'string') return readAll([{ query: body }], false, false)
  if (!Array.isArray(body)) return readAll([body], false, false)
  return body.length === 0 ? { ok: false, problem: 'the batch is empty' } : readAll(body, true, false)
}

/** Reads the query string of a GET request. */
export function readQueryString(query: unknown): ReadResult {
  return readAll([query], false, true)
}
