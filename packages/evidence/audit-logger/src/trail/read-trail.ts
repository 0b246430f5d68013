import { join } from 'node:path'
import type { AuditRecord } from '../core/record.ts'
import { envelopeOf } from '../core/line.ts'
import { eachLine, TRAIL_FILE } from './files.ts'

const MOST = 10_000

/**
 * Reads the records of a trail that match, in order; at most 10,000, the newest. It does not verify them: that is
 * `verify`.
 */
export async function readTrail(
  directory: string,
  matches: (record: AuditRecord) => boolean = () => true,
): Promise<readonly AuditRecord[]> {
  const found: AuditRecord[] = []
  await eachLine(join(directory, TRAIL_FILE), (line) => {
    if (envelopeOf(line) === undefined) return
    const record = parse(line)
    if (record === undefined || !matches(record)) return
    found.push(record)
    if (found.length > MOST) found.shift()
  })
  return found
}

function parse(line: Buffer): AuditRecord | undefined {
  try {
    return JSON.parse(line.toString()) as AuditRecord
  } catch {
    // A line that was damaged; verify names it.
    return undefined
  }
}
