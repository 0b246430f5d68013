import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isPlainObject } from '@portcullis/kernel'
import { parse, type DocumentNode } from 'graphql'
import * as v from 'valibot'
import { CommandError, readJson, readText } from './files.ts'
import { completed } from './fragments.ts'

/** A document as it would be sent, or why it cannot be. */
export interface PersistedDocument {
  /** Its path below the folder, or its hash. */
  readonly id: string
  readonly document: DocumentNode | undefined
  readonly fault: string | undefined
}

const MOST_FILES = 10_000

const manifest = v.object({
  format: v.literal('apollo-persisted-query-manifest'),
  operations: v.array(v.object({ id: v.string(), body: v.string() })),
})
const byHash = v.record(v.string(), v.string())

/**
 * Reads documents: a folder with all folders below, a file, a manifest of persisted queries, or texts by hash. Files of
 * a folder share their fragments.
 *
 * @throws {@link CommandError} where there are none, or more than 10,000 files
 */
export async function readDocuments(path: string): Promise<readonly PersistedDocument[]> {
  const documents = await readAll(path)
  if (documents.length === 0) throw new CommandError(`${path} holds no documents`)
  return documents
}

async function readAll(path: string): Promise<readonly PersistedDocument[]> {
  if (await isFolder(path)) {
    const files = (await filesBelow(path)).toSorted()
    const found: PersistedDocument[] = []
    for (const file of files) found.push(parsed(relative(path, file), await readText(file)))
    return completed(found)
  }
  if (!path.endsWith('.json')) return completed([parsed(path, await readText(path))])
  const json = await readJson(path)
  if (v.is(manifest, json)) return json.operations.map(({ id, body }) => parsed(id, body))
  if (isPlainObject(json) && v.is(byHash, json))
    return Object.entries(json).map(([hash, text]) => parsed(hash, text))
  throw new CommandError(
    `${path} is neither an Apollo manifest of persisted queries nor an object of texts by hash`,
  )
}

function parsed(id: string, text: string): PersistedDocument {
  try {
    return { id, document: parse(text), fault: undefined }
  } catch (error) {
    return { id, document: undefined, fault: (error as Error).message }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    throw new CommandError(`${path} does not exist`)
  }
}

/** Documents in a folder and below; links are not followed, nor are hidden folders and those of packages. */
async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = []
  const pending = [folder]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name)
      if (entry.isFile() && /\.(graphql|gql)$/.test(entry.name)) found.push(path)
      if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
        pending.push(path)
    }
    if (found.length > MOST_FILES) throw new CommandError(`${folder} holds more than ${MOST_FILES} documents`)
  }
  return found
}
