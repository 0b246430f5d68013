import { mkdir, open, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { TransparencyLogError } from '../errors.ts'
import { LOCK_PATH } from './log-files.ts'

/**
 * Does something while nobody else appends to the log.
 *
 * @throws {@link TransparencyLogError} LOCKED when somebody does, or was killed while doing so
 */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, LOCK_PATH)
  const handle = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    throw new TransparencyLogError(
      'LOCKED',
      `Somebody appends to this log: its file "${LOCK_PATH}" says who. If that process is gone, remove the file.`,
    )
  })
  try {
    await handle.writeFile(`${hostname()} ${process.pid}\n`)
    await handle.close()
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}
