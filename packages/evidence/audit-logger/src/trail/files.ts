import { createReadStream } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** The events and checkpoints. */
export const TRAIL_FILE = 'audit.jsonl'
/** The newest checkpoint, to be copied to a place that the server cannot write to. */
export const CHECKPOINT_FILE = 'checkpoint'
/** Held by the process that writes. */
export const LOCK_FILE = 'audit.lock'

/** Longest line that a reader takes. Longer than any the writer makes. */
const LONGEST_LINE = 4 * 1024 * 1024

/** Reads a file line by line; calls back with each line without its break, and answers what follows the last break. */
export async function eachLine(
  path: string,
  take: (line: Buffer) => void,
  bytes: number = Number.MAX_SAFE_INTEGER,
): Promise<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  if (bytes === 0) return rest
  for await (const chunk of createReadStream(path, { end: bytes - 1, highWaterMark: 256 * 1024 })) {
    const part = chunk as Buffer
    let from = 0
    for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, from)) {
      const piece = part.subarray(from, at)
      take(rest.length === 0 ? piece : Buffer.concat([rest, piece]))
      rest = Buffer.alloc(0)
      from = at + 1
    }
    rest = Buffer.concat([rest, part.subarray(from)])
    if (rest.length > LONGEST_LINE) {
      // Nothing of ours is this long. What is kept of it is enough to call it malformed.
      take(rest.subarray(0, 1024))
      return rest
    }
  }
  return rest
}

/** Makes the entries of a directory durable: a file that was created or renamed is not before this. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Replaces a file at once: a reader sees the old text or the new one. */
export async function replaceFile(directory: string, name: string, text: string): Promise<void> {
  const draft = join(directory, `.${name}.new`)
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(draft, join(directory, name))
  await syncDirectory(directory)
}
