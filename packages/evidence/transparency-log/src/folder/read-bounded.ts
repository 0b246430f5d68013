import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** Why a file could not be read. */
export type NoFile = 'missing' | 'no file' | 'too long'

function openIfThere(path: string): number | undefined {
  try {
    // Without O_NONBLOCK a pipe in the place of a file would be waited for forever.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/**
 * Reads a file of a log, at most `most` bytes. Synchronously: the files are small, and four trips to the thread pool
 * for each cost more than hashing what is in them.
 */
export function readBounded(folder: string, path: string, most: number): Buffer | NoFile {
  const descriptor = openIfThere(join(folder, path))
  if (descriptor === undefined) return 'missing'
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) return 'no file'
    if (stat.size > most) return 'too long'
    const bytes = Buffer.allocUnsafe(stat.size)
    let at = 0
    while (at < bytes.length) {
      const read = readSync(descriptor, bytes, at, bytes.length - at, at)
      if (read === 0) break
      at += read
    }
    return bytes.subarray(0, at)
  } finally {
    closeSync(descriptor)
  }
}
