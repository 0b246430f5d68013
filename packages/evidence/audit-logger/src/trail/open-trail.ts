import { constants } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { publicKeyOf } from '@portcullis/transparency-log'
import type { KeyInput } from '@portcullis/transparency-log'
import { readHead } from '../core/read-head.ts'
import type { Sealed } from '../core/scan.ts'
import { TrailDamagedError, TrailNotWritableError } from '../errors.ts'
import { syncDirectory, TRAIL_FILE } from './files.ts'
import { lockTrail } from './lock.ts'
import { checkpointBeside, scanTrail } from './verify.ts'

/** A trail that is ready to be appended to. */
export interface OpenTrail {
  readonly handle: FileHandle
  /** Where it ends. */
  readonly sealed: Sealed
  /** Bytes that no signature vouched for and that were cut, and the file they are kept in. */
  readonly cut: { readonly bytes: number; readonly keptIn: string } | undefined
  readonly unlock: () => Promise<void>
}

/** How a trail is opened. */
export interface OpenOptions {
  readonly directory: string
  readonly key: KeyInput
  /** The name that the trail must have. */
  readonly origin: string
  readonly recover: boolean
}

const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)

/** Opens the file of events for appending. A link or anything but a plain file is refused. */
export async function openFile(directory: string): Promise<FileHandle> {
  const handle = await open(join(directory, TRAIL_FILE), FLAGS, 0o600)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new TrailNotWritableError(directory, `${TRAIL_FILE} is no plain file`)
}

/** Whether others than the owner may change what is in a directory. */
export async function isWritableByOthers(directory: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(directory)).mode & 0o022) !== 0
}

async function cutBehind(
  directory: string,
  handle: FileHandle,
  { bytes }: Sealed,
): Promise<OpenTrail['cut'] | undefined> {
  const { size } = await handle.stat()
  if (size === bytes) return undefined
  const keptIn = `${TRAIL_FILE}.cut-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  const aside = await open(join(directory, keptIn), 'wx', 0o600)
  try {
    const piece = Buffer.alloc(64 * 1024)
    for (let at = bytes; at < size;) {
      const { bytesRead } = await handle.read(piece, 0, piece.length, at)
      if (bytesRead === 0) break
      await aside.write(piece, 0, bytesRead)
      at += bytesRead
    }
    await aside.sync()
  } finally {
    await aside.close()
  }
  await handle.truncate(bytes)
  await handle.sync()
  await syncDirectory(directory)
  return { bytes: size - bytes, keptIn }
}

async function openLocked(options: OpenOptions, unlock: OpenTrail['unlock']): Promise<OpenTrail> {
  const { directory, key, origin, recover } = options
  const handle = await openFile(directory)
  try {
    await handle.chmod(0o600)
    await syncDirectory(directory)
    const note = await checkpointBeside(directory)
    const head = note === undefined ? undefined : readHead(note, publicKeyOf(key))
    const held = head === undefined || typeof head === 'string' ? [] : [head]
    const { fault, sealed, sealedLater } = await scanTrail(directory, { publicKey: key, origin }, held)
    // A write that was torn was never acknowledged; everything else is damage that somebody has to look at.
    const short = held.some(({ size }) => size > sealed.range.size)
    const torn = !sealedLater && !short && fault?.kind !== 'rewritten' && fault?.kind !== 'foreign'
    const complaint =
      typeof head === 'string' ? `Its checkpoint is ${head}.` : torn ? undefined : fault?.message
    if (complaint !== undefined && !recover) throw new TrailDamagedError(directory, complaint)
    return { handle, sealed, cut: await cutBehind(directory, handle, sealed), unlock }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * Makes a directory and what is missing above it. Node's recursive `mkdir` tries for ever where a directory that is there
 * says that a new one cannot be found in it, as `/proc` does.
 */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(directory)).isDirectory()) return
    const above = dirname(directory)
    const isMissing = code === 'ENOENT' && (await stat(above).catch(() => undefined)) === undefined
    if (!isMissing || above === directory) throw error
    await makeDirectory(above)
    await makeDirectory(directory)
  }
}

/**
 * Opens a trail: makes the directory (0700) and file (0600), takes the lock, checks what is there, and cuts a line that
 * was torn by the end of the last process.
 *
 * @throws PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE, PORTCULLIS_AUDIT_LOGGER_TRAIL_LOCKED,
 * PORTCULLIS_AUDIT_LOGGER_TRAIL_DAMAGED
 */
export async function openTrail(options: OpenOptions): Promise<OpenTrail> {
  const { directory } = options
  try {
    await makeDirectory(directory)
    const unlock = await lockTrail(directory)
    return await openLocked(options, unlock).catch(async (error: unknown) => {
      await unlock()
      throw error
    })
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw code.startsWith('PORTCULLIS_') ? error : new TrailNotWritableError(directory, code)
  }
}
