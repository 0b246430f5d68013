import type { FastifyBaseLogger } from 'fastify'
import { createSigner, publicKeyOf, signCheckpoint } from '@portcullis/transparency-log'
import { recordJson } from '../core/record.ts'
import type { AuditRecord, RecordInput } from '../core/record.ts'
import { recordable } from '../core/recordable.ts'
import { endsWithin, within } from '../core/within.ts'
import { AuditUnavailable, TrailNotWritableError } from '../errors.ts'
import type { ResolvedAuditLoggerOptions } from '../options.ts'
import { createFileSink } from './file-sink.ts'
import type { FileSink, Receipt } from './file-sink.ts'
import { replaceFile, CHECKPOINT_FILE } from './files.ts'
import { openTrail } from './open-trail.ts'
import { readTrail } from './read-trail.ts'
import { verifyBytes } from './verify.ts'
import type { VerifyReport } from './verify.ts'

/** The trail of one registration. */
export interface Trail {
  readonly directory: string
  /** Whether a record would be taken now. */
  readonly ready: boolean
  append(record: RecordInput): Promise<Receipt>
  /** Keeps `work` in mind: {@link flush} and {@link close} wait for it, and its failure troubles nobody. */
  track(work: Promise<unknown>): void
  flush(): Promise<void>
  verify(): Promise<VerifyReport>
  read(matches: (record: AuditRecord) => boolean): Promise<readonly AuditRecord[]>
  /** Opens the files, once. Until then records wait. */
  open(): Promise<void>
  close(): Promise<void>
}

interface Early {
  readonly body: string
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: Error) => void
}

function note(type: string, outcome: string, details: object): RecordInput {
  const severity = outcome === 'failed' ? 'ERROR' : 'INFO'
  return { type, severity, outcome, details: recordable(details) }
}

/** Makes the trail of a registration; nothing is touched on disk before {@link Trail.open}. */
export function createTrail(options: Readonly<ResolvedAuditLoggerOptions>, log: FastifyBaseLogger): Trail {
  const { directory, signingKey, origin, maxQueue, sinkTimeout, checkpointInterval } = options
  const early: Early[] = []
  const work = new Set<Promise<unknown>>()
  let sink: FileSink | undefined
  let unlock: (() => Promise<void>) | undefined
  let heartbeat: NodeJS.Timeout | undefined
  let published: string | undefined
  let failure: string | undefined
  let publishing: Promise<void> | undefined

  const json = (record: RecordInput): string => recordJson(record, Date.now())

  function append(record: RecordInput): Promise<Receipt> {
    const body = json(record)
    if (sink !== undefined) return sink.append(body)
    return new Promise((resolve, reject) => {
      if (early.length < maxQueue) early.push({ body, resolve, reject })
      else reject(new AuditUnavailable())
    })
  }

  async function publish(): Promise<void> {
    const { note: newest } = sink?.head ?? {}
    if (newest === undefined || newest === published) return
    try {
      await replaceFile(directory, CHECKPOINT_FILE, newest)
      await within(Promise.resolve(options.onCheckpoint?.(newest)), sinkTimeout)
      published = newest
    } catch (error) {
      log.error({ err: error }, 'the audit checkpoint could not be published')
    }
  }

  function onState(cause: string | undefined): void {
    failure = cause
    if (cause === undefined) log.warn({ code: 'AUDIT_UNAVAILABLE' }, 'the audit trail takes records again')
    else log.error({ code: 'AUDIT_UNAVAILABLE', cause }, 'the audit trail cannot be written')
  }

  async function flush(): Promise<void> {
    while (work.size > 0) await Promise.allSettled(work)
    await sink?.flush()
  }

  async function open(): Promise<void> {
    const opened = await openTrail({ directory, key: signingKey, origin, recover: options.recover })
    unlock = opened.unlock
    const gap = (count: number): string => json(note('audit.gap', 'failed', { count }))
    const signer = createSigner(origin, signingKey)
    const sign = (size: number, root: Buffer): string => signCheckpoint({ size, root }, signer)
    const settings = { directory, sign, maxQueue, timeout: sinkTimeout }
    sink = createFileSink({ ...settings, gap, onState }, opened.handle, opened.sealed)
    const { cut } = opened
    const first = cut === undefined ? [] : [note('audit.recovered', 'succeeded', cut)]
    const starting = [...first, note('audit.started', 'succeeded', { pid: process.pid })].map(append)
    for (const { body, resolve, reject } of early.splice(0)) sink.append(body).then(resolve, reject)
    await Promise.all(starting).catch(() => {
      throw new TrailNotWritableError(directory, failure ?? 'unknown error')
    })
    await publish()
    heartbeat = setInterval(() => {
      publishing ??= publish().finally(() => {
        publishing = undefined
      })
    }, checkpointInterval)
    heartbeat.unref()
  }

  async function close(): Promise<void> {
    clearInterval(heartbeat)
    if (sink === undefined) return
    await flush()
    await append(note('audit.stopped', 'succeeded', {})).catch(() => undefined)
    const { lost, ended } = await sink.close()
    if (lost > 0) log.error({ code: 'AUDIT_UNAVAILABLE', lost }, 'events were not recorded')
    // While a write is under way the trail is held: the lock ends with the process.
    if (ended && (await endsWithin(release(), 2 * sinkTimeout))) return
    log.error({ code: 'AUDIT_UNAVAILABLE' }, 'the audit trail could not be closed in time')
  }

  async function release(): Promise<void> {
    await publishing
    await publish()
    await unlock?.()
  }

  let opening: Promise<void> | undefined
  let closing: Promise<void> | undefined

  return {
    directory,
    append,
    get ready() {
      return sink?.ready === true
    },
    track(promise) {
      const tracked = promise.catch(() => undefined).finally(() => work.delete(tracked))
      work.add(tracked)
    },
    flush,
    async verify() {
      await flush()
      return verifyBytes(directory, { publicKey: publicKeyOf(signingKey), origin }, () => sink?.head.bytes)
    },
    async read(matches) {
      await flush()
      return readTrail(directory, matches)
    },
    open: () => (opening ??= open()),
    close: () => (closing ??= close()),
  }
}
