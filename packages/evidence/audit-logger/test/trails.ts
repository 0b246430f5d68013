import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditLoggerOptions, AuditRecord } from '../src/index.ts'

const made: string[] = []

/** A directory of its own, removed by {@link removeTrails}. */
export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'audit-trail-'))
  made.push(path)
  return path
}

/** For `afterAll`. */
export function removeTrails(): void {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
}

export const keys = generateKeyPairSync('ed25519')
export const publicKey = keys.publicKey
export const subjectSecret = 'a secret of at least thirty-two characters'

/** Options of a trail in a new directory. */
export function trailOptions(more: Partial<AuditLoggerOptions> = {}): AuditLoggerOptions {
  return { directory: directory(), signingKey: keys.privateKey, subjectSecret, ...more }
}

export function rawLines(path: string): string[] {
  return readFileSync(join(path, 'audit.jsonl'), 'utf8').split('\n').slice(0, -1)
}

/** The records of a trail, as anybody would read them. */
export function recordsIn(path: string): AuditRecord[] {
  return rawLines(path)
    .filter((line) => !line.startsWith('{"checkpoint"'))
    .map((line) => JSON.parse(line) as AuditRecord)
}

/** The records of requests that are over. */
export function requestsIn(path: string): AuditRecord[] {
  return recordsIn(path).filter(({ type, stage }) => type === 'http.request' && stage === 'complete')
}
