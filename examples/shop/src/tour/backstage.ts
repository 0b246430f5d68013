import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { verify, type AuditRecord, type VerifyReport } from '@portcullis/audit-logger'
import type { LogDestination } from '@portcullis/pii-masking'
import type { FastifyInstance } from 'fastify'
import type { Trail } from '../services.ts'

/** What the tour looks at behind the counter, once a request is over. Without audit-logger there is no trail. */
export interface Backstage {
  /** Everything on record of a request, in order. */
  records(requestId: string): Promise<readonly AuditRecord[]>
  /** The lines of the trail's file that hold this. */
  trailLines(text: string): Promise<readonly string[]>
  /** The lines of the log that hold this. */
  logLines(text: string): readonly string[]
  /** Verifies a copy of the trail as it is (`ok`), and once one byte of one record was changed; null without a trail. */
  verifyEditedCopy(): Promise<{ ok: boolean; editedLine: number; report: VerifyReport } | null>
}

/** A log in memory. */
export interface Log extends LogDestination {
  readonly lines: readonly string[]
}

const MOST_LINES = 5_000
/** A request is on record a moment after its answer; after that long, it is not on record. */
const PATIENCE_MS = 2_000
const TRAIL_FILE = 'audit.jsonl'

/** Makes a log that keeps its last lines. */
export function createLog(): Log {
  const lines: string[] = []
  return {
    lines,
    write(text) {
      lines.push(...text.split('\n').filter((line) => line !== ''))
      lines.splice(0, lines.length - MOST_LINES)
    },
  }
}

/** Opens the door behind a shop's counter. */
export function openBackstage(
  app: FastifyInstance,
  { directory, publicKey }: Pick<Trail, 'directory' | 'publicKey'>,
  log: Log,
): Backstage {
  const hasTrail = app.hasDecorator('audit')
  return {
    async records(requestId) {
      if (!hasTrail) return []
      const end = performance.now() + PATIENCE_MS
      for (;;) {
        await app.audit.flush()
        const records = await app.audit.timeline(requestId)
        if (records.some(({ stage }) => stage === 'complete') || performance.now() > end) return records
        await sleep(10)
      }
    },
    async trailLines(text) {
      if (!hasTrail) return []
      await app.audit.flush()
      const lines = (await readFile(join(directory, TRAIL_FILE), 'utf8')).split('\n')
      return lines.filter((line) => line.includes(text))
    },
    logLines: (text) => log.lines.filter((line) => line.includes(text)),
    async verifyEditedCopy() {
      if (!hasTrail) return null
      await app.audit.flush()
      const copy = await mkdtemp(join(tmpdir(), 'portcullis-shop-copy-'))
      try {
        await copyFile(join(directory, TRAIL_FILE), join(copy, TRAIL_FILE))
        const { ok } = await verify(copy, { publicKey })
        const editedLine = await editOneByte(join(copy, TRAIL_FILE))
        return { ok, editedLine, report: await verify(copy, { publicKey }) }
      } finally {
        await rm(copy, { recursive: true, force: true })
      }
    },
  }
}

/** Turns a refusal in the middle of a trail into something else, one bit away. Returns the number of its line, from 1. */
async function editOneByte(file: string): Promise<number> {
  const bytes = await readFile(file)
  const at = bytes.indexOf('"refused"', Math.floor(bytes.length / 2)) + 1
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(file, bytes)
  return bytes.subarray(0, at).toString('latin1').split('\n').length
}
