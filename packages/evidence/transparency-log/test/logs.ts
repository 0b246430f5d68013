import { generateKeyPairSync, hash } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appendEntries, createSigner, formatVerifierKey, TransparencyLogError } from '../src/index.ts'
import type { Appended, Signer, TransparencyLogErrorCode } from '../src/index.ts'

const folders: string[] = []

/** A folder of its own; {@link removeFolders} removes it. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-log-'))
  folders.push(folder)
  return folder
}

/** A copy of a log. */
export function copyOf(folder: string): string {
  const copy = newFolder()
  cpSync(folder, copy, { recursive: true })
  return copy
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** A log's key under a name. */
export function newSigner(name = 'example.com/log'): Signer {
  return createSigner(name, generateKeyPairSync('ed25519').privateKey)
}

/** The signer's public key as one line. */
export function keyLine(signer: Signer): string {
  return formatVerifierKey(signer.verifier)
}

/** Entries that can be told apart, of 0 to 70 bytes. */
export function entriesFrom(first: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, at) => {
    const digest = hash('sha256', `entry ${first + at}`, 'buffer')
    return Buffer.concat([digest, digest, Buffer.from('padding')]).subarray(0, (first + at) % 71)
  })
}

/** Appends in batches of these sizes. Answers what each append answered. */
export async function appendBatches(
  folder: string,
  signer: Signer,
  batches: readonly number[],
): Promise<Appended[]> {
  const answers: Appended[] = []
  let size = 0
  for (const count of batches) {
    answers.push(await appendEntries(folder, entriesFrom(size, count), { signer }))
    size += count
  }
  return answers
}

/** The reason in the code of the error that `work` throws; `nothing` when it throws none, and anything else goes on. */
export async function reasonOf(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof TransparencyLogError)) throw error
    return reasonIn(error.code)
  }
  return 'nothing'
}

function reasonIn(code: TransparencyLogErrorCode): string {
  return code.replace('PORTCULLIS_TRANSPARENCY_LOG_', '')
}
