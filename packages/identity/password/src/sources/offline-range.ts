import { statSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidSourceError } from '../errors.ts'
import type { RangeSource } from '../options.ts'
import { checkSorted } from './check-sorted.ts'

/** Where a copy of the breached passwords is: one of the two. */
export interface OfflineRangeOptions {
  /** Has a file for each prefix, `00000.txt` to `FFFFF.txt`, with lines of `SUFFIX:COUNT`. */
  readonly directory?: string | undefined
  /** Has lines of `HASH:COUNT`, with SHA-1 in upper-case hexadecimal, sorted by it. */
  readonly file?: string | undefined
}

const PREFIX = 5
/** Longer than a line: 40 characters, a colon, a count and the end of the line. */
const LINE_BYTES = 64
const BLOCK_BYTES = 65_536
/** Some twenty times what a range has. */
const MOST_BYTES = 1_048_576

async function readAt(file: FileHandle, at: number, bytes: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at)
  return buffer.toString('latin1', 0, bytesRead)
}

/** Where the first line that begins at a place or after it begins, and what is there. */
async function lineAfter(file: FileHandle, at: number): Promise<{ start: number; line: string }> {
  if (at === 0) return { start: 0, line: await readAt(file, 0, LINE_BYTES) }
  // One before, so that a line which begins just here is found.
  const text = await readAt(file, at - 1, 2 * LINE_BYTES)
  const end = text.indexOf('\n')
  if (end === -1) return { start: at - 1 + text.length, line: '' }
  return { start: at + end, line: text.slice(end + 1) }
}

/** Finds where the lines that are not below a prefix begin, by halves: about 40 reads in a file of 1 TiB. */
async function seek(file: FileHandle, prefix: string, size: number): Promise<number> {
  let [low, high] = [0, size]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { line } = await lineAfter(file, middle)
    if (line !== '' && line.slice(0, PREFIX) < prefix) low = middle + 1
    else high = middle
  }
  return (await lineAfter(file, low)).start
}

async function readRange(file: FileHandle, prefix: string, size: number): Promise<string> {
  let at = await seek(file, prefix, size)
  let rest = ''
  const lines: string[] = []
  for (let read = 0; read < MOST_BYTES; read += BLOCK_BYTES) {
    const block = await readAt(file, at, BLOCK_BYTES)
    const pieces = (rest + block).split('\n')
    rest = block === '' ? '' : (pieces.pop() ?? '')
    for (const line of pieces) {
      if (line === '') continue
      if (!line.startsWith(prefix)) return lines.join('\n')
      lines.push(line.slice(PREFIX))
    }
    if (block === '') return lines.join('\n')
    at += block.length
  }
  throw new Error('the file has more lines of one prefix than there can be')
}

function fromFile(path: string): RangeSource {
  return async (prefix) => {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      return await readRange(file, prefix, size)
    } finally {
      await file.close()
    }
  }
}

/**
 * Reads a copy of the breached passwords on this machine, so that nobody is asked. Each question reads a few kilobytes.
 *
 * @throws PORTCULLIS_PASSWORD_INVALID_SOURCE where there is no such directory or file
 */
export function offlineRange({ directory, file }: OfflineRangeOptions): RangeSource {
  const path = directory ?? file
  if (path === undefined || (directory === undefined) === (file === undefined)) {
    throw new InvalidSourceError('offlineRange takes { directory } or { file }, one of them.')
  }
  const stats = statSync(path, { throwIfNoEntry: false })
  if (directory !== undefined) {
    if (stats?.isDirectory() !== true)
      throw new InvalidSourceError('offlineRange: there is no such directory.')
    return (prefix) => readFile(join(directory, `${prefix}.txt`), 'latin1')
  }
  if (stats?.isFile() !== true) throw new InvalidSourceError('offlineRange: there is no such file.')
  checkSorted(path)
  return fromFile(path)
}
