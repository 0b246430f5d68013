import { statSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { appendLeaf, createRange, leafHash, rangeRoot } from '@portcullis/transparency-log'
import type { CompactRange } from '@portcullis/transparency-log'
import { checkpointLine, eventLine } from '../core/line.ts'
import type { Sealed } from '../core/scan.ts'
import { AuditUnavailable } from '../errors.ts'
import { openFile } from './open-trail.ts'
import { TRAIL_FILE } from './files.ts'

/** Where an event is in the trail, once it is durable. */
export interface Receipt {
  /** Its number, from 0. */
  readonly seq: number
}

/** Settings of a sink. */
export interface SinkSettings {
  readonly directory: string
  /** Signs a head. */
  readonly sign: (size: number, root: Buffer) => string
  /** Most events that wait to be written. */
  readonly maxQueue: number
  /** Milliseconds after which nobody waits any more for a write that does not end. */
  readonly timeout: number
  /** Makes the record that says how many were lost. */
  readonly gap: (count: number) => string
  /** Called when the sink stops taking events, with the cause, and when it takes them again. */
  readonly onState: (cause: string | undefined) => void
}

/** Appends events to a file, many at a time: one write and one `fdatasync` for all that wait. */
export interface FileSink {
  /**
   * Appends the JSON of an object.
   *
   * @returns a promise that settles when it is durable and signed
   * @throws (rejects) AUDIT_UNAVAILABLE when it is not recorded; it is counted then, and the next record tells the
   * count. Also when its write does not end in time: when it ends, it is recorded or counted
   */
  append(body: string): Promise<Receipt>
  /** Whether an event would be taken now and soon be durable. */
  readonly ready: boolean
  /** Waits for everything that was appended so far, recorded or not, or until a write does not end. */
  flush(): Promise<void>
  /** The newest durable head, and the bytes of the file up to it. */
  readonly head: { readonly note: string | undefined; readonly size: number; readonly bytes: number }
  /**
   * @returns how many events were lost since the last record that told it, and whether the last write ended; if not,
   * the file is still in use
   */
  close(): Promise<{ readonly lost: number; readonly ended: boolean }>
}

interface Waiting {
  readonly body: string
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: Error) => void
}

interface Batch {
  readonly range: CompactRange
  readonly leaf: string
  readonly bytes: Buffer
  readonly note: string
}

const LARGEST_BATCH = 1024
const RETRY_MS = 500
const LINE_BREAK = Buffer.from('\n')

/** Starts a sink at the end of an open trail. */
export function createFileSink(settings: SinkSettings, opened: FileHandle, sealed: Sealed): FileSink {
  const path = join(settings.directory, TRAIL_FILE)
  const { ino } = statSync(path)
  let handle: FileHandle | undefined = opened
  let durable = { range: sealed.range, leaf: sealed.leaf, bytes: sealed.bytes }
  let note: string | undefined
  let waiting: Waiting[] = []
  let running: Promise<void> | undefined
  /** A write does not end: whoever waits is told, and nobody should begin anything. */
  let stalled = false
  let onStall: (() => void)[] = []
  let complained = false
  let failure: string | undefined
  let lost = 0
  let retry: NodeJS.Timeout | undefined
  let closed = false
  /** Whether a write was begun that did not become durable: what follows the durable end is ours then. */
  let torn = false

  function seal(bodies: readonly string[]): Batch {
    const range = createRange(durable.range)
    let { leaf } = durable
    const parts: Buffer[] = []
    for (const body of bodies) {
      const line = eventLine({ seq: range.size, prev: leaf }, body)
      const hash = leafHash(line)
      appendLeaf(range, hash)
      leaf = hash.toString('base64url')
      parts.push(line, LINE_BREAK)
    }
    const signed = settings.sign(range.size, rangeRoot(range))
    parts.push(checkpointLine(signed), LINE_BREAK)
    return { range, leaf, bytes: Buffer.concat(parts), note: signed }
  }

  /** Somebody who cuts, replaces or removes the file under our hands must not go unnoticed. */
  function checkFile(): void {
    const now = statSync(path)
    if (now.ino !== ino || now.size !== durable.bytes)
      throw new Error('the file was changed by somebody else')
  }

  async function write(bodies: readonly string[]): Promise<number> {
    checkFile()
    const first = durable.range.size
    const batch = seal(bodies)
    torn = true
    for (let at = 0; at < batch.bytes.length;) {
      const { bytesWritten } = await file().write(batch.bytes, at)
      at += bytesWritten
    }
    await file().datasync()
    durable = { range: batch.range, leaf: batch.leaf, bytes: durable.bytes + batch.bytes.length }
    note = batch.note
    torn = false
    return first
  }

  function file(): FileHandle {
    if (handle === undefined) throw new Error('the file is closed')
    return handle
  }

  function lose(event: Waiting): void {
    lost += 1
    event.reject(new AuditUnavailable())
  }

  function fail(error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException
    failure = code ?? message
    complain(failure)
    for (const event of waiting.splice(0)) lose(event)
    if (closed) return
    retry = setTimeout(() => {
      running = resume()
    }, RETRY_MS)
    retry.unref()
  }

  /** After a failure nothing is known of the descriptor's pages: a new one begins where everything was durable. */
  async function reopen(): Promise<void> {
    try {
      await handle?.close().catch(() => undefined)
      handle = undefined
      const now = statSync(path)
      if (now.ino !== ino || now.size < durable.bytes || (!torn && now.size > durable.bytes)) {
        throw new Error('the file was changed by somebody else')
      }
      handle = await openFile(settings.directory)
      await handle.truncate(durable.bytes)
      await handle.sync()
      const missed = lost
      await write([settings.gap(missed)])
      lost -= missed
      failure = undefined
      recover()
    } catch (error) {
      fail(error)
    }
  }

  async function resume(): Promise<void> {
    await watched([], reopen)
    await run()
  }

  async function idle(): Promise<void> {
    for (let current = running; current !== undefined; current = running) await current
  }

  async function flush(): Promise<void> {
    if (stalled || running === undefined) return
    await Promise.race([idle(), new Promise<void>((resolve) => onStall.push(resolve))])
  }

  function complain(cause: string): void {
    if (!complained) settings.onState(cause)
    complained = true
  }

  function recover(): void {
    if (complained) settings.onState(undefined)
    complained = false
  }

  function stall(batch: readonly Waiting[]): void {
    stalled = true
    complain('a write does not end')
    // They stay in line and may still become durable: only the end of the write tells whether they are lost.
    for (const { reject } of [...batch, ...waiting]) reject(new AuditUnavailable())
    for (const resolve of onStall.splice(0)) resolve()
  }

  /** Does work on the file for events that wait for it; not longer than they may. */
  async function watched<T>(batch: readonly Waiting[], work: () => Promise<T>): Promise<T> {
    const watch = setTimeout(stall, settings.timeout, batch)
    try {
      return await work()
    } finally {
      clearTimeout(watch)
      stalled = false
    }
  }

  async function run(): Promise<void> {
    while (waiting.length > 0 && failure === undefined) {
      const batch = waiting.slice(0, LARGEST_BATCH)
      waiting = waiting.slice(LARGEST_BATCH)
      const missed = lost
      const gap = missed > 0 ? [settings.gap(missed)] : []
      const bodies = [...gap, ...batch.map(({ body }) => body)]
      try {
        const first = await watched(batch, () => write(bodies))
        lost -= missed
        batch.forEach(({ resolve }, index) => resolve({ seq: first + gap.length + index }))
        recover()
      } catch (error) {
        for (const event of batch) lose(event)
        fail(error)
      }
    }
    running = undefined
    onStall = []
  }

  function takes(): boolean {
    return !closed && failure === undefined && waiting.length < settings.maxQueue
  }

  return {
    append(body) {
      return new Promise((resolve, reject) => {
        const event = { body, resolve, reject }
        if (!takes()) return lose(event)
        waiting.push(event)
        if (stalled) reject(new AuditUnavailable())
        // Those who append in the same turn of the event loop share one write.
        running ??= Promise.resolve().then(run)
      })
    },
    get ready() {
      return takes() && !stalled
    },
    flush,
    get head() {
      return { note, size: durable.range.size, bytes: durable.bytes }
    },
    async close() {
      closed = true
      clearTimeout(retry)
      await flush()
      if (stalled) return { lost: lost + waiting.length, ended: false }
      await handle?.close()
      handle = undefined
      return { lost, ended: true }
    },
  }
}
