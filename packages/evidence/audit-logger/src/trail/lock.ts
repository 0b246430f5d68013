import { randomUUID } from 'node:crypto'
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { TrailLockedError } from '../errors.ts'
import { LOCK_FILE } from './files.ts'

interface Holder {
  readonly host: string
  readonly pid: number
  /** When the process was started, as its kernel tells it: process ids are used again. */
  readonly started: string
  readonly token: string
}

/** The 22nd field of `/proc/<pid>/stat` on Linux; empty elsewhere. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

async function isAlive({ pid, started }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = await startOf(pid)
  return now === '' || started === '' || now === started
}

function parse(text: string): Holder | undefined {
  try {
    const { host, pid, started, token } = JSON.parse(text) as Partial<Holder>
    if (host === undefined || pid === undefined || started === undefined || token === undefined)
      return undefined
    return { host, pid, started, token }
  } catch {
    return undefined
  }
}

/** Puts away the lock of a process that is gone, and puts it back when it turns out to be another one. */
async function putAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  await rename(path, aside).catch(() => undefined)
  const taken = await readFile(aside, 'utf8').catch(() => undefined)
  if (taken !== undefined && taken !== stale) await link(aside, path).catch(() => undefined)
  await unlink(aside).catch(() => undefined)
}

/**
 * Makes this process the only one that writes to a trail. The lock of a process of this host that is gone is taken
 * over.
 *
 * @returns a function that gives it back
 * @throws PORTCULLIS_AUDIT_LOGGER_TRAIL_LOCKED
 */
export async function lockTrail(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, LOCK_FILE)
  const own: Holder = {
    host: hostname(),
    pid: process.pid,
    started: await startOf(process.pid),
    token: randomUUID(),
  }
  const text = JSON.stringify(own)
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      // Written aside and linked, so that nobody ever reads a lock that is half written.
      const draft = `${path}.${own.token}`
      // Flushed first: a lock that is empty after a power cut would hold nobody's name.
      await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true })
      try {
        await link(draft, path)
      } finally {
        await unlink(draft)
      }
      return async () => {
        if ((await readFile(path, 'utf8').catch(() => '')) === text) await unlink(path)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const found = await readFile(path, 'utf8').catch(() => '')
    const holder = parse(found)
    if (holder === undefined && found !== '')
      throw new TrailLockedError(directory, 'a lock that cannot be read')
    if (holder !== undefined && (holder.host !== own.host || (await isAlive(holder)))) {
      throw new TrailLockedError(directory, `process ${holder.pid} on ${holder.host}`)
    }
    if (holder !== undefined) await putAway(path, found)
  }
  throw new TrailLockedError(directory, 'another process that starts at this moment')
}
